# expect: {"status": "ENDED_SUCCESS", "output": {"values": [0, 1, 2, 3], "naps": 3}}
import asyncio


async def handler(system, this, inputs):
    naps = 0

    async def nap():
        nonlocal naps
        for _ in range(3):
            await this.sleep_async(0.05)
            naps += 1

    def work(number):
        # Calls of threads take turns, and the loop goes on beside them.
        this.sleep(0.05)
        return system.setting(f'async thread {number}').save(value=number).get('value')

    *values, _ = await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(4)), nap())
    return {'values': values, 'naps': naps}
