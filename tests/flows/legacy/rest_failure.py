# expect: {"status": "ENDED_ERROR", "message": "the service is down: 503"}
from flow_api.exceptions import DependencyFailedError


def handler(system, this):
    url = system.setting('far side').get('value')
    try:
        this.task('REST', url=f'{url}/status/503')
    except DependencyFailedError as error:
        assert '503' in str(error), error
        return this.error('the service is down: 503')
    return this.success('it is up')
