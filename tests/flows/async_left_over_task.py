# expect: {"status": "ENDED_SUCCESS", "output": {"done": true}, "logs_contain": ["let go"]}
import asyncio


async def handler(system, this, inputs):
    async def forever():
        try:
            await this.sleep_async(3600)
        finally:
            this.log('let go')

    task = asyncio.create_task(forever())
    await this.sleep_async(0.05)
    assert not task.done()
    return {'done': True}
