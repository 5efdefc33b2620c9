# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.step('set', lambda: {1, 2})
    except flow_api.InvalidInputError as error:
        assert 'set' in str(error), error
    else:
        raise AssertionError('a set was recorded as JSON')
