# expect: {"status": "ENDED_SUCCESS", "output": {"sum": 6, "named": "a-b", "tuple": [1, 2]}}
def handler(system, this, inputs):
    total = this.step('add', lambda *numbers: sum(numbers), 1, 2, 3)
    named = this.step('join', lambda left, right: f'{left}-{right}', 'a', right='b')
    return {'sum': total, 'named': named, 'tuple': this.step('pair', lambda: (1, 2))}
