# expect: {"status": "ENDED_ERROR", "message_contains": "ValueError: broken", "output": {"cleaned": true}}
def handler(system, this, inputs):
    try:
        raise ValueError('broken')
    finally:
        this.set_output('cleaned', True)
