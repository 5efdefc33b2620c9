# expect: {"status": "ENDED_SUCCESS", "message_contains": "from within"}
def handler(system, this, inputs):
    this.step('last', lambda: this.success('from within'))
