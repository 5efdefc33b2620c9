# expect: {"status": "ENDED_ERROR", "output_schema": {"type": "object", "required": ["total"]}, "message_contains": "gave up", "message_lacks": "output_schema"}
def handler(system, this, inputs):
    this.error('gave up')
