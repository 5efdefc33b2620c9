# expect: {"status": "ENDED_SUCCESS", "message_contains": "through"}
def handler(system, this, inputs):
    try:
        this.success('through')
    except Exception:
        this.error('except Exception caught the signal')
