# expect: {"status": "ENDED_SUCCESS", "output": {"inputs": {}}}
def handler(system, this, inputs):
    return {'inputs': inputs}
