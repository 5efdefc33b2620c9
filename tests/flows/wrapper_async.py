# expect: {"status": "ENDED_SUCCESS", "output": [0, 2, 4]}
import asyncio


async def handler(system, this, inputs):
    twice = "def handler(system, this, inputs): return inputs['n'] * 2"
    done = await asyncio.gather(*(this.using('retry').script_async(twice, n=n) for n in range(3)))
    return [child.get('output_value') for child in done]
