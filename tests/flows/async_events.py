# expect: {"status": "ENDED_SUCCESS", "output": {"got": [0, 1, 2]}}
import asyncio


async def handler(system, this, inputs):
    queue = asyncio.Queue(maxsize=1)

    async def produce():
        for number in range(3):
            await this.sleep_async(0.02)
            await queue.put(number)
        await queue.put(None)

    async def consume():
        got = []
        while (number := await queue.get()) is not None:
            await asyncio.sleep(0.01)
            got.append(number)
        return got

    _, got = await asyncio.gather(produce(), consume())
    return {'got': got}
