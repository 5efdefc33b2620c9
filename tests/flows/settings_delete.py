# expect: {"status": "ENDED_SUCCESS", "output": {"gone": false, "back": "precious", "for_good": false}}
import flow_api


def handler(system, this, inputs):
    setting = system.setting('settings delete').save(value='precious')
    setting.delete()
    gone = setting.exists()
    try:
        system.setting('settings delete').get('value')
    except flow_api.ResourceNotFoundError:
        pass
    else:
        raise AssertionError('a setting in the trash bin was read by its name')
    setting.restore()
    back = system.setting('settings delete').get('value')
    setting.delete(permanently=True)
    return {'gone': gone, 'back': back, 'for_good': setting.exists()}
