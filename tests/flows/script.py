# expect: {"status": "ENDED_SUCCESS", "output": {"doubled": 42}}
def handler(system, this, inputs):
    child = this.script('def handler(system, this, inputs):\n    return {"doubled": inputs["n"] * 2}\n', n=21)
    return child.get_outputs()
