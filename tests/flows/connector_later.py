# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.connect(connector_type='REST', url='http://127.0.0.1:9/')
    except flow_api.EngineException as error:
        assert 'onnect' in str(error), error
    else:
        raise AssertionError('a connector was said to have run')
