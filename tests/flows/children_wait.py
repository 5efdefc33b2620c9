# expect: {"status": "ENDED_SUCCESS", "output": {"a": {"echo": {"x": 1, "y": 2}}, "name": "my child", "status": "ENDED_SUCCESS"}}
def handler(system, this, inputs):
    child = this.flow('child_echo', name='my child', inputs={'x': 1}, y=2)
    name, status = child.get('name', 'status')
    return {'a': child.get_outputs(), 'name': name, 'status': status}
