# expect: {"status": "ENDED_SUCCESS", "output": {"caught": "LookupError: no stock", "runs": 2}}
def handler(system, this, inputs):
    runs = []

    def order():
        runs.append(1)
        raise LookupError('no stock')

    for _ in range(2):
        try:
            this.step('order', order)
        except LookupError as error:
            caught = f'{type(error).__name__}: {error}'
    return {'caught': caught, 'runs': len(runs)}
