# expect: {"status": "ENDED_SUCCESS"}
import time


def handler(system, this, inputs):
    before = time.monotonic()
    this.sleep(0.2)
    this.sleep(0)
    assert time.monotonic() - before >= 0.2
