# expect: {"status": "ENDED_ERROR", "message_contains": ["/tags", "set", "sorted("]}
def handler(system, this, inputs):
    return {'tags': {'a', 'b'}}
