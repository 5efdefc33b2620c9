# expect: {"status": "ENDED_SUCCESS", "output": {"still": true, "then": "ENDED_CANCELLED"}}
import flow_api


def handler(system, this, inputs):
    child = this.flow('child_slow', wait=False)
    try:
        child.wait(timeout=0.3)
    except flow_api.DependencyTimeoutError as error:
        assert isinstance(error, flow_api.TimeoutExceededError)
    else:
        raise AssertionError('a sleeping child was said to have ended')
    still = child.get('ended_at') is None
    child.cancel()
    child.wait(return_when=system.return_when.ALL_ENDED)
    return {'still': still, 'then': child.get('status')}
