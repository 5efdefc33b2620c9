# expect: {"status": "ENDED_ERROR", "message": "the service is not there: 404"}
from flow_api.exceptions import DependencyFailedError


def handler(system, this):
    url = system.setting('far side').get('value')
    try:
        this.task('REST', url=f'{url}/status/404')
    except DependencyFailedError as error:
        assert '404' in str(error), error
        return this.error('the service is not there: 404')
    return this.success('it is up')
