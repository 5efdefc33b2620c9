# expect: {"status": "ENDED_SUCCESS", "output": {"answer": 42, "nested": {"list": [1, 2.5, null, true, "ü"]}}}
def handler(system, this, inputs):
    return {'answer': 42, 'nested': {'list': [1, 2.5, None, True, 'ü']}}
