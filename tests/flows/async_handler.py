# expect: {"status": "ENDED_SUCCESS", "output": {"sum": 3}}
import asyncio


async def add(a, b):
    await asyncio.sleep(0)
    return a + b


async def handler(system, this, inputs):
    return {'sum': await add(1, 2)}
