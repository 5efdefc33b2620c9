# expect: {"status": "ENDED_ERROR", "message_contains": ["DependencyFailedError", "child_recursive"]}
def handler(system, this, inputs):
    this.flow('child_recursive')
