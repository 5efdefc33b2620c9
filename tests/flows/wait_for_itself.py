# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.wait_for(this)
    except flow_api.InvalidInputError as error:
        assert 'itself' in str(error), error
    else:
        raise AssertionError('an execution waited for itself')
