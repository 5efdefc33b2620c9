# expect: {"status": "ENDED_SUCCESS", "output": {"late": true, "later": true, "child": "SLEEPING"}}
import asyncio


async def handler(system, this, inputs):
    late = later = False
    try:
        await asyncio.wait_for(this.sleep_async(3600), timeout=0.2)
    except TimeoutError:
        late = True
    try:
        async with asyncio.timeout(0.2):
            await this.flow_async('child_slow')
    except TimeoutError:
        later = True
    (child,) = this.get_children()
    # Nobody awaits it any more; it goes on until its parent ends.
    while child.get('status') in ('PENDING', 'RUNNING'):
        await this.sleep_async(0.02)
    return {'late': late, 'later': later, 'child': child.get('status')}
