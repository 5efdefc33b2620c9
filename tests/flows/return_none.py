# expect: {"status": "ENDED_SUCCESS", "output": null}
def handler(system, this, inputs):
    return None
