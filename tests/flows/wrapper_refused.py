# expect: {"status": "ENDED_SUCCESS", "output": {"near": true, "input": "/using/max_tries", "outside": true, "failed": true, "protected": true}}
import flow_api


def handler(system, this, inputs):
    out = {}
    try:
        this.using('retri').flow('child_echo')
    except flow_api.ResourceNotFoundError as error:
        out['near'] = 'retry' in str(error)
    try:
        this.using('retry', max_tries='many').flow('child_echo')
    except flow_api.SchemaValidationError as error:
        out['input'] = '/using/max_tries' if '/using/max_tries' in str(error) else str(error)
    try:
        this.wrapped()
    except flow_api.InvalidInputError as error:
        out['outside'] = 'around nothing' in str(error)
    try:
        this.using('retry', max_tries=1).flow('child_fail')
    except flow_api.DependencyFailedError as error:
        out['failed'] = 'retry: child_fail' in str(error)
    try:
        this.using('retry').connect(connector_type='REST', url='http://127.0.0.1:9', init={'protect_inputs': ['url']})
    except flow_api.InvalidInputError as error:
        out['protected'] = 'protected' in str(error)
    return out
