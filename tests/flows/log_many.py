# expect: {"status": "ENDED_SUCCESS", "logs_contain": ["line 0", "line 999", "line 4999"]}
def handler(system, this, inputs):
    for n in range(5000):
        print(f'line {n}')
