# expect: {"status": "ENDED_SUCCESS", "output": {"distinct": true}}
import datetime
import uuid


def handler(system, this, inputs):
    now = datetime.datetime.fromisoformat(this.now())
    assert now.tzinfo is not None
    assert abs((datetime.datetime.now(datetime.timezone.utc) - now).total_seconds()) < 60
    first, second = uuid.UUID(this.uuid()), uuid.UUID(this.uuid())
    draws = [this.random() for _ in range(20)]
    assert all(0 <= draw < 1 for draw in draws), draws
    return {'distinct': first != second and len(set(draws)) == 20}
