# expect: {"status": "ENDED_SUCCESS", "output": {"value": {"a": [1]}, "same": true, "trimmed": {"a": [1]}}}
def handler(system, this, inputs):
    setting = system.setting('settings basic')
    assert not setting.exists()
    assert setting.save(value={'a': [1]}) is setting
    assert setting.exists()
    other = system.setting('settings basic')
    value, name = other.get('value', 'name')
    assert name == 'settings basic'
    same = other.get_dict('id', 'value') == {'id': setting.get('id'), 'value': {'a': [1]}}
    return {'value': value, 'same': same, 'trimmed': system.setting('  settings basic ').get('value')}
