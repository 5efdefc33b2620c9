# expect: {"status": "ENDED_CANCELLED", "asleep": true, "logs": ["the next run"]}
import datetime


def handler(system, this):
    """On the first of each month, at six."""
    while True:
        now = datetime.datetime.fromisoformat(this.now())
        year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
        due = datetime.datetime(year, month, 1, 6, 0, tzinfo=datetime.timezone.utc)
        this.log(f'the next run is on {due:%Y-%m-%d}')
        this.sleep((due - now).total_seconds())
        this.flow('child_square', number=2, wait=False)
