# expect: {"status": "ENDED_SUCCESS", "output": {"value": [1], "description": "changed", "first": "original", "distinct": true}}
def handler(system, this, inputs):
    first = system.setting('clone source').save(value=[1], description='original')
    copy = first.clone(name='clone copy', description='changed')
    assert not system.setting('clone copy').exists()
    copy.save()
    second = system.setting('clone copy')
    return {
        'value': second.get('value'),
        'description': second.get('description'),
        'first': first.get('description'),
        'distinct': first.get('id') != second.get('id'),
    }
