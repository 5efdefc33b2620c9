# expect: {"status": "ENDED_SUCCESS", "output": {"fine": 1}}
import flow_api


def handler(system, this, inputs):
    try:
        this.set_output('rate', [1.0, float('inf')])
    except flow_api.InvalidInputError as error:
        assert '/1' in str(error), error
    else:
        raise AssertionError('infinity was taken as JSON')
    this.set_output('fine', 1)
