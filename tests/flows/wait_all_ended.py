# expect: {"status": "ENDED_SUCCESS", "output": {"status": "ENDED_ERROR"}}
def handler(system, this, inputs):
    child = this.flow('child_fail', wait=system.return_when.ALL_ENDED)
    return {'status': child.get('status')}
