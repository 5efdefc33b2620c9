# expect: {"status": "ENDED_SUCCESS", "output": {"a": 1, "b": [2], "c": null}}
def handler(system, this, inputs):
    this.set_output('a', 0)
    this.set_output('b', [2])
    this.set_output('a', 1)
    this.set_output('c', None)
    assert this.get_outputs() == {'a': 1, 'b': [2], 'c': None}
