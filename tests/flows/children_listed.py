# expect: {"status": "ENDED_SUCCESS", "output": ["first", "second", "third"]}
def handler(system, this, inputs):
    for name in ('first', 'second', 'third'):
        this.flow('child_echo', name=name)
    return [child.get('name') for child in this.get_children()]
