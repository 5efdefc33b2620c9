# expect: {"status": "ENDED_SUCCESS", "output": {"seen": 2, "gone": 1}}
import flow_api


def handler(system, this, inputs):
    for n in range(2):
        system.setting(f'snapshot {n}').save(value=n)
    seen = gone = 0
    for setting in system.settings({'field': 'name', 'op': 'like', 'value': 'snapshot %'}, order='name'):
        seen += 1
        if seen == 1:
            system.setting('snapshot 1').delete()
        try:
            setting.get('value')
        except flow_api.ResourceNotFoundError:
            gone += 1
    return {'seen': seen, 'gone': gone}
