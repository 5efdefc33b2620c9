# expect: {"status": "ENDED_SUCCESS", "output": {"refused": ["using"]}}
import flow_api


def handler(system, this, inputs):
    refused = []
    for name in ('using',):
        try:
            getattr(this, name)('x')
        except flow_api.InternalError as error:
            assert 'later' in str(error) or 'this version' in str(error), error
            refused.append(name)
    return {'refused': refused}
