# expect: {"status": "ENDED_CANCELLED", "asleep": true}
import datetime


def handler(system, this):
    """A daily scheduler: it never ends by itself."""
    while True:
        now = datetime.datetime.fromisoformat(this.now()).timestamp()
        midnight = (int(now) // 86400 + 1) * 86400
        this.save(message='waits for midnight')
        this.sleep_until(midnight + 3600)
        this.flow('child_square', number=1, wait=False)
