# expect: {"status": "ENDED_SUCCESS", "message_contains": "ended by name"}
def handler(system, this, inputs):
    this.end('ENDED_SUCCESS', 'ended by name')
