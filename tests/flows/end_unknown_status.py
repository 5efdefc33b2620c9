# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.end('finished', 'what')
    except flow_api.InvalidInputError as error:
        assert 'finished' in str(error), error
    else:
        raise AssertionError('an unknown status was taken')
