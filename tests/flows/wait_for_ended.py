# expect: {"status": "ENDED_SUCCESS", "output": {"echo": {}}}
def handler(system, this, inputs):
    child = this.flow('child_echo')
    child.wait()
    child.wait(return_when=system.return_when.FIRST_ENDED)
    return child.get_outputs()
