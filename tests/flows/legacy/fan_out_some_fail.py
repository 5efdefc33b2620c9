# expect: {"status": "ENDED_SUCCESS", "output": {"ended": ["ENDED_SUCCESS", "ENDED_ERROR", "ENDED_SUCCESS"], "failed": "the child gave up"}}
def handler(system, this):
    children = [
        this.flow('child_square', number=2, wait=False),
        this.flow('child_fails', wait=False),
        this.flow('child_square', number=3, wait=False),
    ]
    this.wait_for(*children, return_when=system.return_when.ALL_ENDED)
    this.set_output('ended', [child.get('status') for child in children])
    this.set_output('failed', children[1].get('status_message'))
    return this.success()
