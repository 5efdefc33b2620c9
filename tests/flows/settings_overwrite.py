# expect: {"status": "ENDED_SUCCESS", "output": {"value": null, "text": "", "description": "kept"}}
def handler(system, this, inputs):
    setting = system.setting('settings overwrite').save(value=1, description='kept')
    setting.save(value='')
    text = setting.get('value')
    setting.save(value=None)
    return {'value': setting.get('value'), 'text': text, 'description': setting.get('description')}
