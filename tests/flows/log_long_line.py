# expect: {"status": "ENDED_SUCCESS", "logs_contain": ["begin-", "-end", "after"]}
def handler(system, this, inputs):
    print('begin-' + 'x' * 200_000 + '-end')
    this.log('after')
