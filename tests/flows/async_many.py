# expect: {"status": "ENDED_SUCCESS", "output": {"sum": 4950}}
import asyncio


async def handler(system, this, inputs):
    async def square(number):
        child = await this.flow_async('child_echo', number=number)
        return child.get_outputs()['echo']['number']

    return {'sum': sum(await asyncio.gather(*(square(number) for number in range(100))))}
