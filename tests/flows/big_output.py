# expect: {"status": "ENDED_SUCCESS", "message_contains": "5 MB"}
def handler(system, this, inputs):
    this.set_output('text', 'x' * 5_000_000)
    assert len(this.get_outputs()['text']) == 5_000_000
    this.success('5 MB kept')
