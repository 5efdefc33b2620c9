# expect: {"status": "ENDED_SUCCESS", "output": {"timed_out": 2, "then": "ENDED_SUCCESS"}}
SCRIPT = """
import flow_api

def handler(system, this, inputs):
    try:
        system.setting('lock twice').acquire(timeout=0.1)
    except flow_api.LockTimeoutError as error:
        assert isinstance(error, flow_api.TimeoutExceededError)
        return {'timed_out': 1}
    return {'timed_out': 0}
"""


def handler(system, this, inputs):
    lock = system.setting('lock twice').save(value=None)
    lock.acquire()
    lock.acquire()
    first = this.script(SCRIPT).get_outputs()['timed_out']
    lock.release()
    second = this.script(SCRIPT).get_outputs()['timed_out']
    lock.release()
    third = this.script(SCRIPT)
    assert third.get_outputs() == {'timed_out': 0}
    return {'timed_out': first + second, 'then': third.get('status')}
