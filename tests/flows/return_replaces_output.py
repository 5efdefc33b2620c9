# expect: {"status": "ENDED_SUCCESS", "output": {"returned": true}}
def handler(system, this, inputs):
    this.set_output('set', True)
    return {'returned': True}
