# expect: {"status": "ENDED_SUCCESS", "output": {"timeouts": 2, "submitted": false, "mine": ["A", "B"]}}
import flow_api


def handler(system, this, inputs):
    timeouts = 0
    try:
        this.message('A', request='Name', timeout=0.05)
    except flow_api.MessageResponseTimeoutError:
        timeouts += 1
    asked = system.message('B', 'Nobody is there.')
    try:
        asked.wait(timeout=0)
    except flow_api.TimeoutExceededError:
        timeouts += 1
    assert system.message(asked.get('id')).get('subject') == 'B'
    return {
        'timeouts': timeouts,
        'submitted': asked.get('is_submitted'),
        'mine': [one.get('subject') for one in this.get_messages()],
    }
