# expect: {"status": "ENDED_SUCCESS", "output": {"parent": "ENDED_SUCCESS", "child": "ENDED_CANCELLED"}}
def handler(system, this, inputs):
    parent = this.script(
        "def handler(system, this, inputs):\n"
        "    return {'child': this.flow('child_slow', wait=False).get('id')}\n"
    )
    child = system.execution(parent.get_outputs()['child'])
    return {'parent': parent.get('status'), 'child': child.get('status')}
