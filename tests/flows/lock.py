# expect: {"status": "ENDED_SUCCESS", "output": {"counter": 8}}
SCRIPT = """
def handler(system, this, inputs):
    counter = system.setting('lock counter')
    with system.setting('lock gate'):
        value = counter.get('value')
        this.sleep(0.01)
        counter.save(value=value + 1)
"""


def handler(system, this, inputs):
    system.setting('lock gate').save(value=None)
    system.setting('lock counter').save(value=0)
    this.wait_for(*[this.script(SCRIPT, wait=False) for _ in range(8)])
    return {'counter': system.setting('lock counter').get('value')}
