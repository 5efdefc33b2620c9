# expect: {"status": "ENDED_ERROR", "message_contains": ["failed before its handler was called", "KeyError: 'absent'", "LIMIT = {}['absent']"]}
LIMIT = {}['absent']


def handler(system, this, inputs):
    return LIMIT
