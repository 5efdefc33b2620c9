# expect: {"status": "ENDED_SUCCESS", "output": {"ended": ["quick"]}}
def handler(system, this, inputs):
    slow = this.flow('child_slow', name='slow', wait=False)
    quick = this.flow('child_echo', name='quick', wait=False)
    ended = this.wait_for(slow, quick, return_when=system.return_when.FIRST_ENDED)
    return {'ended': [child.get('name') for child in ended]}
