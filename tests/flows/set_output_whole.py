# expect: {"status": "ENDED_SUCCESS", "output": {"second": 2, "third": 3}}
def handler(system, this, inputs):
    this.set_output({'first': 1})
    this.set_output({'second': 2})
    this.set_output('third', 3)
