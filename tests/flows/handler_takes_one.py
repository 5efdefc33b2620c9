# expect: {"status": "ENDED_ERROR", "message_contains": "it takes (system, this, inputs)"}
def handler(this):
    return None
