# expect: {"status": "ENDED_ERROR", "message_contains": ["AttributeError", "setting"]}
def handler(system, this, inputs):
    system.seting('x').get('value')
