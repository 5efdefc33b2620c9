# expect: {"status": "ENDED_SUCCESS", "output": {"order": ["now", "c", "b", "a"], "numbers": [1, 2, 3]}}
import asyncio


async def handler(system, this, inputs):
    order = []

    async def nap(name, seconds):
        await this.sleep_async(seconds)
        order.append(name)

    async def at_once():
        order.append('now')

    async def child(number):
        made = await this.flow_async('child_echo', number=number)
        return made.get_outputs()['echo']['number']

    await asyncio.gather(nap('a', 0.9), nap('b', 0.6), nap('c', 0.3), at_once())
    return {'order': order, 'numbers': await asyncio.gather(*(child(number) for number in (1, 2, 3)))}
