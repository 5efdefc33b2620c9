# expect: {"status": "ENDED_SUCCESS", "output": {"mark": "orphan was here", "status": "ENDED_SUCCESS"}}
def handler(system, this, inputs):
    gate = system.setting('orphan gate').save(value=None)
    with gate:
        parent = this.script(
            "def handler(system, this, inputs):\n"
            "    child = this.flow('child_orphan', wait=False, orphan=True, gate='orphan gate', mark='orphan mark')\n"
            "    return {'child': child.get('id')}\n"
        )
        orphan = system.execution(parent.get_outputs()['child'])
        assert parent.get('status') == 'ENDED_SUCCESS'
        assert not orphan.get('status').startswith('ENDED'), orphan.get('status')
    orphan.wait()
    return {'mark': system.setting('orphan mark').get('value'), 'status': orphan.get('status')}
