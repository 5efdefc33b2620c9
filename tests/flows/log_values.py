# expect: {"status": "ENDED_SUCCESS", "logs_contain": ["several 1 [2,null]", "named", "\"customer\":{\"id\":7}", "<object object at", "not a number"]}
def handler(system, this, inputs):
    this.log('several', 1, [2, None])
    this.log('named', customer={'id': 7}, level='warning')
    this.log('odd', thing=object())
    this.log(f'not a number: {float("nan")}')
