# expect: {"status": "ENDED_SUCCESS", "input": {"name": "Ada"}, "input_schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "times": {"type": "integer", "default": 2}}}, "output": {"name": "Ada", "times": 2}}
def handler(system, this, inputs):
    return inputs
