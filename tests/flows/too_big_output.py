# expect: {"status": "ENDED_ERROR", "message_contains": ["bytes", "limit"]}
def handler(system, this, inputs):
    return 'x' * 100_000_000
