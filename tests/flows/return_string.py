# expect: {"status": "ENDED_SUCCESS", "output": "plain text"}
def handler(system, this, inputs):
    return 'plain text'
