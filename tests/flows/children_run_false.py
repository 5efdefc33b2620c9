# expect: {"status": "ENDED_SUCCESS", "output": {"before": "CREATED", "first": {"echo": {"n": 1}}, "second": {"echo": {"n": 2}}}}
def handler(system, this, inputs):
    first = this.flow('child_echo', n=1, run=False)
    second = this.flow('child_echo', n=2, run=False)
    before = first.get('status')
    assert first.run() is first
    assert second.run_async() is second
    second.wait()
    return {'before': before, 'first': first.get_outputs(), 'second': second.get_outputs()}
