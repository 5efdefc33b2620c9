# expect: {"status": "ENDED_SUCCESS", "input": {"round": 1}, "output": {"rounds": 3}, "logs_contain": ["round 1", "round 2", "round 3"]}
def handler(system, this, inputs):
    this.log(f'round {inputs["round"]}')
    this.step('work', lambda: inputs['round'])
    if inputs['round'] < 3:
        this.restart({'round': inputs['round'] + 1})
    return {'rounds': inputs['round']}
