# expect: {"status": "ENDED_SUCCESS", "output": {"good": true}}
def handler(system, this, inputs):
    bad = this.flow('child_fail', name='bad', wait=False)
    bad.wait(return_when=system.return_when.ALL_ENDED)
    slow = this.flow('child_slow', name='slow', wait=False)
    good = this.flow('child_echo', name='good', wait=False)
    ended = this.wait_for(slow, bad, good, return_when=system.return_when.FIRST_SUCCEEDED)
    return {'good': 'good' in [child.get('name') for child in ended]}
