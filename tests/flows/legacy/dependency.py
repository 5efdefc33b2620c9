# expect: {"status": "ENDED_ERROR", "message": "child_fails"}
def handler(system, this):
    this.log('the child fails, and nobody catches it')
    this.flow('child_fails')
    return this.success('never reached')
