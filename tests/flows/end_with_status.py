# expect: {"status": "ENDED_CANCELLED", "message_contains": "nothing to do today"}
def handler(system, this, inputs):
    this.end('cancelled', 'nothing to do today')
