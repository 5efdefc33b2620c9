# expect: {"status": "ENDED_SUCCESS", "output": {"count": 6}}
def handler(system, this):
    system.setting('legacy counter').save(value=0)
    system.setting('legacy counter lock').save(value=None)
    children = [this.flow('child_counts', inputs={'setting': 'legacy counter'}, wait=False) for _ in range(6)]
    this.wait_for(*children)
    this.save(output_value={'count': system.setting('legacy counter').get('value')})
    return this.success()
