# expect: {"status": "ENDED_ERROR", "message_contains": ["ResourceNotFoundError", "no-such-setting-here", "system.setting('no-such-setting-here').get('value')"]}
def handler(system, this, inputs):
    return system.setting('no-such-setting-here').get('value')
