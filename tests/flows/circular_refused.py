# expect: {"status": "ENDED_ERROR", "message_contains": "contains itself"}
def handler(system, this, inputs):
    loop = {}
    loop['self'] = loop
    return loop
