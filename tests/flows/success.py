# expect: {"status": "ENDED_SUCCESS", "message_contains": "well done", "message_lacks": "Traceback", "output": {"kept": 1}}
def handler(system, this, inputs):
    this.set_output('kept', 1)
    this.success('well done')
    raise AssertionError('success() never returns')
