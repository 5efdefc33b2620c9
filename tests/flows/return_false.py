# expect: {"status": "ENDED_SUCCESS", "output": false}
def handler(system, this, inputs):
    return False
