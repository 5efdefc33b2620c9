# expect: {"status": "ENDED_SUCCESS", "output": {"statuses": ["ENDED_ERROR", "ENDED_ERROR"], "ok": {"echo": {}}}}
import flow_api


def handler(system, this, inputs):
    broken = this.flow('child_fail', name='printing', text='out of paper', wait=False)
    gave_up = this.flow('child_error', name='asking', wait=False)
    good = this.flow('child_echo', wait=False)
    this.wait_for(broken, gave_up, good, return_when=system.return_when.ALL_ENDED)
    try:
        this.wait_for(broken, gave_up, good)
    except flow_api.DependencyFailedError as error:
        text, failed = str(error), error.executions
    for piece in ('printing', str(broken.get('id')), 'ENDED_ERROR', 'ValueError: out of paper'):
        assert piece in text, text
    assert {child.get('name') for child in failed} <= {'printing', 'asking'}, failed
    assert 'the child gave up' in gave_up.get('status_message')
    assert gave_up.get('status_hint') == 'ask again'
    return {'statuses': [broken.get('status'), gave_up.get('status')], 'ok': good.get_outputs()}
