# expect: {"status": "ENDED_SUCCESS"}
import time


def handler(system, this, inputs):
    due = time.time() + 0.2
    this.sleep_until(due)
    assert time.time() >= due - 0.01
    this.sleep_until(0)
