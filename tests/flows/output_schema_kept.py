# expect: {"status": "ENDED_SUCCESS", "output_schema": {"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}, "output": {"total": 3}}
def handler(system, this, inputs):
    return {'total': 3}
