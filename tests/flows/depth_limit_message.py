# expect: {"status": "ENDED_SUCCESS"}
def handler(system, this, inputs):
    child = this.flow('child_recursive', wait=system.return_when.ALL_ENDED)
    depth = 1
    while True:
        below = child.get_children()
        if not below:
            break
        (child,) = below
        depth += 1
    message = child.get('status_message')
    assert depth == 32, depth
    assert 'limit is 32' in message and 'this.restart' in message, message
