# expect: {"status": "ENDED_ERROR", "message_contains": ["ValueError: no", "in fails"], "message_lacks": "_loop"}
import asyncio


async def handler(system, this, inputs):
    async def fails():
        await this.sleep_async(0.01)
        raise ValueError('no')

    await asyncio.gather(fails(), this.sleep_async(3600))
