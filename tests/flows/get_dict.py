# expect: {"status": "ENDED_SUCCESS", "output": {"chosen": {"name": "get dict", "value": 1}, "has": true}}
import datetime


def handler(system, this, inputs):
    setting = system.setting('get dict').save(value=1)
    whole = setting.get_dict()
    created = datetime.datetime.fromisoformat(whole['created_at'])
    assert created.tzinfo is not None and '.' in whole['created_at'], whole['created_at']
    return {'chosen': setting.get_dict('name', 'value'), 'has': {'id', 'name', 'value', 'modified_at'} <= whole.keys()}
