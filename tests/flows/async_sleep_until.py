# expect: {"status": "ENDED_SUCCESS"}
import time
from datetime import datetime, timedelta, timezone


async def handler(system, this, inputs):
    before = time.time()
    await this.sleep_until_async(before + 0.2)
    assert time.time() >= before + 0.2
    await this.sleep_until_async(datetime.now(timezone.utc) + timedelta(seconds=0.05))
    await this.sleep_until_async(0)
