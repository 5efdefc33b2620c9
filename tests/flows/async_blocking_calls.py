# expect: {"status": "ENDED_SUCCESS", "output": {"order": ["blocked", "short", "long"], "value": 2}}
import asyncio


async def handler(system, this, inputs):
    order = []

    async def nap(name, seconds):
        await this.sleep_async(seconds)
        order.append(name)

    async def block():
        await asyncio.sleep(0)
        setting = system.setting('async blocking').save(value=1)
        # The loop stands still here; what comes meanwhile is kept.
        this.sleep(0.4)
        setting.save(value=setting.get('value') + 1)
        order.append('blocked')
        return setting.get('value')

    *_, value = await asyncio.gather(nap('long', 0.2), nap('short', 0.1), block())
    return {'order': order, 'value': value}
