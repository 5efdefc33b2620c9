# expect: {"status": "ENDED_SUCCESS", "output": {"n": 2}}
async def handler(system, this, inputs):
    child = await this.script_async('def handler(system, this, inputs): return {"n": inputs["n"] + 1}', n=1)
    return child.get_outputs()
