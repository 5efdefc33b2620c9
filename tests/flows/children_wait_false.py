# expect: {"status": "ENDED_SUCCESS", "output": [{"echo": {"n": 0}}, {"echo": {"n": 1}}, {"echo": {"n": 2}}, {"echo": {"n": 3}}, {"echo": {"n": 4}}]}
def handler(system, this, inputs):
    children = [this.flow('child_echo', n=n, wait=False) for n in range(5)]
    done = this.wait_for(*children)
    assert len(done) == 5, done
    return [child.get_outputs() for child in done]
