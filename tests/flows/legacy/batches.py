# expect: {"status": "ENDED_SUCCESS", "output": {"done": [0, 1, 4, 9, 16, 25]}}
def handler(system, this):
    """At most two at a time."""
    waiting = list(range(6))
    running, done = [], []
    while waiting or running:
        while waiting and len(running) < 2:
            running.append(this.flow('child_square', number=waiting.pop(0), wait=False))
        ended = this.wait_for(*running, return_when=system.return_when.FIRST_ENDED)
        for child in ended:
            running.remove(child)
            done.append(child.get('output_value')['square'])
        this.save(message=f'{len(done)} of 6 done')
    this.save(output_value={'done': sorted(done)})
    return this.success()
