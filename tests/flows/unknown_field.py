# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    setting = system.setting('unknown field').save(value=1)
    for call in (lambda: setting.get('valeu'), lambda: setting.get_dict('valeu'), lambda: setting.save(valeu=2)):
        try:
            call()
        except flow_api.InvalidInputError as error:
            assert 'valeu' in str(error) and "'value'" in str(error).replace('"', "'").replace('`', "'"), error
        else:
            raise AssertionError('an unknown field was taken')
