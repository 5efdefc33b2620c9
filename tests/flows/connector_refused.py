# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    try:
        this.connect(
            connector_type='REST', url='http://127.0.0.1:9/', retry_backoff={'initial': 0.05, 'deadline': 0.2},
        )
    except flow_api.DependencyFailedError as error:
        assert 'no connection' in str(error), error
        [child] = error.executions
        assert child.get('connector_type') == 'REST', child
    else:
        raise AssertionError('nobody listens there')
    try:
        this.connect(connector_type='REST', path='/')
    except flow_api.MissingInputError as error:
        assert 'url' in str(error), error
