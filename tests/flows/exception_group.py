# expect: {"status": "ENDED_ERROR", "message_contains": ["ExceptionGroup: several", "ValueError: one", "TypeError: two"]}
def handler(system, this, inputs):
    raise ExceptionGroup('several', [ValueError('one'), TypeError('two')])
