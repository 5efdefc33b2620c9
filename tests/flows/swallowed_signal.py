# expect: {"status": "ENDED_SUCCESS", "message_contains": "the first end counts", "message_lacks": "too late", "output": {"before": 1}}
def handler(system, this, inputs):
    this.set_output('before', 1)
    try:
        this.success('the first end counts')
    except:
        pass
    try:
        this.set_output('after', 2)
    except BaseException as error:
        again = error
    assert type(again).__name__ == 'ExecutionSuccess', again
    this.error('too late')
