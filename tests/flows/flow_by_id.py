# expect: {"status": "ENDED_SUCCESS", "output": {"echo": {"by": "id"}}}
def handler(system, this, inputs):
    flow_id = system.flow('child_echo').get('id')
    return this.flow(flow_id, by='id').get_outputs()
