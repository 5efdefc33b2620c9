# expect: {"status": "ENDED_CANCELLED", "asleep": true}
import time


def handler(system, this):
    """A daily scheduler: it never ends by itself."""
    while True:
        now = this.now().timestamp() if hasattr(this, 'now') else time.time()
        midnight = (int(now) // 86400 + 1) * 86400
        this.save(message='waits for midnight')
        this.sleep_until(midnight + 3600)
        this.flow('child_square', number=1, wait=False)
