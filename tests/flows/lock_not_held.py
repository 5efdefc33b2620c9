# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    lock = system.setting('lock not held').save(value=None)
    try:
        lock.release()
    except flow_api.EngineException as error:
        assert 'does not hold' in str(error), error
    else:
        raise AssertionError('a lock that is not held was released')
