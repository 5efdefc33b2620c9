# expect: {"status": "ENDED_ERROR", "output_schema": {"type": "object", "properties": {"total": {"type": "number"}}}, "message_contains": ["output_schema", "/total"]}
def handler(system, this, inputs):
    return {'total': 'three'}
