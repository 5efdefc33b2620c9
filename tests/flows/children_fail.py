# expect: {"status": "ENDED_ERROR", "message_contains": ["DependencyFailedError", "ValueError: out of paper", "printing"]}
def handler(system, this, inputs):
    this.flow('child_fail', name='printing', text='out of paper')
