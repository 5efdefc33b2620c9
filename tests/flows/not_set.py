# expect: {"status": "ENDED_SUCCESS", "output": {"false": true, "repr": "NotSet"}}
import flow_api


def handler(system, this, inputs):
    assert issubclass(flow_api.exceptions.LockTimeoutError, flow_api.EngineException)
    assert isinstance(this, flow_api.Execution) and isinstance(system, flow_api.System)
    assert isinstance(system.setting('x'), flow_api.Setting) and isinstance(system.flow('x'), flow_api.Flow)
    return {'false': not flow_api.NotSet, 'repr': repr(flow_api.NotSet)}
