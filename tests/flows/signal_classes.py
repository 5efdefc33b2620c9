# expect: {"status": "ENDED_SUCCESS", "message_contains": "done"}
import flow_api


def handler(system, this, inputs):
    assert issubclass(flow_api.LifecycleSignal, BaseException)
    assert not issubclass(flow_api.LifecycleSignal, Exception)
    for name in ('ExecutionSuccess', 'ExecutionError', 'ExecutionCancel'):
        assert issubclass(getattr(flow_api, name), flow_api.LifecycleSignal)
        assert getattr(flow_api.exceptions, name) is getattr(flow_api, name)
    try:
        this.success('done')
    except flow_api.ExecutionSuccess:
        raise
