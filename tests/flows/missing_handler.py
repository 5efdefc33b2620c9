# expect: {"status": "ENDED_ERROR", "message_contains": ["handler", "handle"]}
def handle(system, this, inputs):
    return None
