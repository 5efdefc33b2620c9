# expect: {"status": "ENDED_SUCCESS", "output": {"caught": ["ResourceNotFoundError", "DependencyFailedError", "CloudomationException"]}}
import flow_api
from flow_api.exceptions import CloudomationException


def handler(system, this):
    caught = []
    try:
        system.setting('there is none').get('value')
    except flow_api.ResourceNotFoundError:
        caught.append('ResourceNotFoundError')
    try:
        this.flow('child_fails')
    except flow_api.DependencyFailedError:
        caught.append('DependencyFailedError')
    try:
        this.flow('there is none')
    except CloudomationException:
        caught.append('CloudomationException')
    this.save(output_value={'caught': caught})
    return this.end('success', 'all caught')
