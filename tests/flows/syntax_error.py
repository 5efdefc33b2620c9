# expect: {"status": "ENDED_ERROR", "message_contains": ["syntax error in line 3", "return ("]}
def handler(system, this, inputs):
    return (
