# expect: {"status": "ENDED_SUCCESS", "output": {"value": "found", "again": "found", "execution": "handle_by_id"}}
def handler(system, this, inputs):
    setting = system.setting('handle by id').save(value='found')
    key = setting.get('id')
    own = system.execution(this.get('id'))
    return {
        'value': system.setting(key).get('value'),
        'again': system.setting(key, by='id').get('value'),
        'execution': system.flow(own.get('flow_id')).get('name'),
    }
