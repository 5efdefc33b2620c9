# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.flow('child_ecko')
    except flow_api.ResourceNotFoundError as error:
        assert 'child_ecko' in str(error) and 'child_echo' in str(error), error
    else:
        raise AssertionError('a flow that does not exist was started')
