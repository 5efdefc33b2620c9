# expect: {"status": "ENDED_SUCCESS", "output": {"first": 1, "second": 2, "broken": true}}
SCRIPT = 'def handler(system, this, inputs):\n    return {"version": VERSION}\n'


def handler(system, this, inputs):
    flow = system.flow('made by a flow').save(script=SCRIPT.replace('VERSION', '1'))
    first = this.flow('made by a flow').get_outputs()['version']
    flow.save(script=SCRIPT.replace('VERSION', '2'))
    second = this.flow(flow).get_outputs()['version']
    broken = system.flow('broken by a flow').save(script='def handler(:\n')
    return {'first': first, 'second': second, 'broken': broken.get('has_syntax_error')}
