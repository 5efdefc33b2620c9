# expect: {"status": "ENDED_SUCCESS", "output": {"parent": "ENDED_CANCELLED", "below": ["ENDED_CANCELLED"]}}
def handler(system, this, inputs):
    parent = this.script("def handler(system, this, inputs):\n    this.flow('child_slow')\n", wait=False)
    while not parent.get_children():
        this.sleep(0.05)
    parent.cancel()
    parent.wait(return_when=system.return_when.ALL_ENDED)
    return {'parent': parent.get('status'), 'below': [child.get('status') for child in parent.get_children()]}
