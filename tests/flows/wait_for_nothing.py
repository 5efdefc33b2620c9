# expect: {"status": "ENDED_SUCCESS", "output": []}
def handler(system, this, inputs):
    return this.wait_for()
