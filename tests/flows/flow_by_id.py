# expect: {"status": "ENDED_SUCCESS", "output": {"echo": {"via": "id"}}}
def handler(system, this, inputs):
    flow_id = system.flow('child_echo').get('id')
    return this.flow(flow_id, via='id').get_outputs()
