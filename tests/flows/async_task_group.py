# expect: {"status": "ENDED_SUCCESS", "output": {"seen": ["quick", "cancelled", "failed"]}}
import asyncio


async def handler(system, this, inputs):
    seen = []

    async def quick():
        await this.sleep_async(0.1)
        seen.append('quick')

    async def fails():
        await this.sleep_async(0.3)
        raise ValueError('no')

    async def slow():
        try:
            await this.sleep_async(3600)
        except asyncio.CancelledError:
            seen.append('cancelled')
            raise

    try:
        async with asyncio.TaskGroup() as group:
            for part in (quick, fails, slow):
                group.create_task(part())
    except* ValueError:
        seen.append('failed')
    return {'seen': seen}
