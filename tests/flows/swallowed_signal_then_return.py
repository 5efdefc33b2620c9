# expect: {"status": "ENDED_ERROR", "message_contains": "it failed", "output": null}
def handler(system, this, inputs):
    try:
        this.error('it failed')
    except:
        pass
    return {'ignored': True}
