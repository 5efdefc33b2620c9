# expect: {"status": "ENDED_ERROR", "message_contains": ["no JSON value", "/mean"]}
def handler(system, this, inputs):
    return {'mean': float('nan')}
