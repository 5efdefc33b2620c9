# expect: {"status": "ENDED_SUCCESS", "message_contains": "done", "output": {"cleaned": true}, "logs_contain": ["cleaning up"]}
def handler(system, this, inputs):
    try:
        this.success('done')
    finally:
        this.log('cleaning up')
        this.set_output('cleaned', True)
