# expect: {"status": "ENDED_SUCCESS", "output": [1, "two", {"three": 3}]}
def handler(system, this, inputs):
    return [1, 'two', {'three': 3}]
