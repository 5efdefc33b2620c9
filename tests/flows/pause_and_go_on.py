# expect: {"status": "ENDED_SUCCESS", "output": {"paused": "PAUSED", "then": {"slept": true}}}
def handler(system, this, inputs):
    child = this.flow('child_slow', seconds=0.3, wait=False)
    while child.get('status') != 'SLEEPING':
        this.sleep(0.02)
    child.pause()
    this.sleep(0.5)
    paused = child.get('status')
    child.run_async()
    child.wait()
    return {'paused': paused, 'then': child.get_outputs()}
