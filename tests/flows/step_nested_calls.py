# expect: {"status": "ENDED_SUCCESS", "output": {"stored": 7, "inner": "in"}}
def handler(system, this, inputs):
    def work():
        system.setting('step nested').save(value=7)
        return this.step('inner', lambda: 'in')

    inner = this.step('outer', work)
    return {'stored': system.setting('step nested').get('value'), 'inner': inner}
