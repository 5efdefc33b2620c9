# expect: {"status": "ENDED_SUCCESS", "output": {"before": 1, "after": 2, "both": ["legacy record", 2], "gone": true}}
import flow_api


def handler(system, this):
    setting = system.setting('legacy record')
    setting.save(value=1)
    before = setting.load('value')
    setting.save(value=2)
    both = setting.get('name', 'value')
    setting.archive()
    try:
        system.setting('legacy record').get('value')
        gone = False
    except flow_api.ResourceNotFoundError:
        gone = True
    this.save(output_value={'before': before, 'after': both[1], 'both': list(both), 'gone': gone})
    return this.success()
