# expect: {"status": "ENDED_SUCCESS", "output": {"inputs": {}, "type": "dict", "made": {"name": "Ada"}}}
import flow_api
from flow_api import inputs as known


def handler(system, this, inputs: flow_api.inputs.ImportOrders):
    made = known.ImportOrdersGiven(name='Ada')
    return {'inputs': inputs, 'type': type(inputs).__name__, 'made': made}
