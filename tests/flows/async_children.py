# expect: {"status": "ENDED_SUCCESS", "output": {"first": ["quick"], "all": ["slow", "quick"], "one": "slow", "made": "CREATED"}}
async def handler(system, this, inputs):
    made = await this.flow_async('child_echo', run=False)
    slow = await this.flow_async('child_slow', name='slow', seconds=0.5, wait=False)
    quick = await this.flow_async('child_echo', name='quick', wait=False)
    first = await this.wait_for_async(slow, quick, return_when=system.return_when.FIRST_ENDED, timeout=60)
    every = await this.wait_for_async([slow, quick])
    one = await slow.wait_async()
    assert await this.wait_for_async() == []
    return {
        'first': [child.get('name') for child in first],
        'all': [child.get('name') for child in every],
        'one': one.get('name'),
        'made': made.get('status'),
    }
