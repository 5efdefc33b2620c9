# expect: {"status": "ENDED_SUCCESS", "output": {"type": ["setting"], "name": "exported", "value": {"a": 1}, "id": false}}
def handler(system, this, inputs):
    document = system.setting('exported').save(value={'a': 1}).export()
    body = document['setting']
    return {'type': list(document), 'name': body['name'], 'value': body['value'], 'id': 'id' in body}
