# expect: {"status": "ENDED_SUCCESS", "message_contains": "from a task", "logs_contain": ["cleaned up"]}
import asyncio


async def handler(system, this, inputs):
    async def decide():
        await this.sleep_async(0.05)
        this.success('from a task')

    try:
        await asyncio.gather(decide(), this.sleep_async(3600))
    finally:
        await asyncio.gather(this.sleep_async(0.01), this.flow_async('child_echo'))
        this.log('cleaned up')
