# expect: {"status": "ENDED_SUCCESS", "output": 0}
def handler(system, this, inputs):
    return 0
