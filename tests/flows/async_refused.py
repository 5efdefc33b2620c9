# expect: {"status": "ENDED_SUCCESS", "output": {"own loop": "InternalError", "negative": "InvalidInputError", "child": "InvalidInputError", "unknown": "ResourceNotFoundError"}}
import asyncio
import threading


async def handler(system, this, inputs):
    seen = {}

    async def attempt(name, awaitable):
        try:
            await awaitable
        except Exception as error:
            seen[name] = type(error).__name__

    own = threading.Thread(target=lambda: asyncio.run(attempt('own loop', this.sleep_async(0))))
    own.start()
    await asyncio.to_thread(own.join)
    await attempt('negative', this.sleep_async(-1))
    child = await this.flow_async('child_echo', wait=False)
    await attempt('child', child.sleep_async(0))
    await attempt('unknown', this.flow_async('no such flow'))
    return seen
