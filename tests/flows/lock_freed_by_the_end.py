# expect: {"status": "ENDED_SUCCESS", "output": {"child": "ENDED_ERROR", "free": true}}
def handler(system, this, inputs):
    system.setting('lock left').save(value=None)
    child = this.script(
        "def handler(system, this, inputs):\n    system.setting('lock left').acquire()\n    raise ValueError('left')\n",
        wait=system.return_when.ALL_ENDED,
    )
    system.setting('lock left').acquire(timeout=10)
    return {'child': child.get('status'), 'free': True}
