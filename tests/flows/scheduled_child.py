# expect: {"status": "ENDED_SUCCESS", "output": {"before": "CREATED", "then": "ENDED_SUCCESS"}}
import datetime


def handler(system, this, inputs):
    due = datetime.datetime.fromisoformat(this.now()) + datetime.timedelta(seconds=1)
    child = this.flow('child_echo', scheduled_for=due, wait=False)
    before = child.get('status')
    child.wait()
    started = datetime.datetime.fromisoformat(child.get('started_at') or '')
    assert started >= due, (started, due)
    return {'before': before, 'then': child.get('status')}
