# expect: {"status": "ENDED_SUCCESS", "output": {"large": 9007199254740993, "negative": -9223372036854775808, "float": 0.1}}
def handler(system, this, inputs):
    return {'large': 2**53 + 1, 'negative': -(2**63), 'float': 0.1}
