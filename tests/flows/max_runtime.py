# expect: {"status": "ENDED_SUCCESS", "output": {"status": "ENDED_ERROR", "says": true}}
def handler(system, this, inputs):
    child = this.flow('child_limits', max_runtime_minutes=0.005, wait=system.return_when.ALL_ENDED)
    return {'status': child.get('status'), 'says': 'max_runtime_minutes' in child.get('status_message')}
