# expect: {"status": "ENDED_SUCCESS", "output": {"amount": 5, "distinct": true}}
def pay(amount, idempotency_key):
    assert isinstance(idempotency_key, str) and len(idempotency_key) >= 16, idempotency_key
    return {'amount': amount, 'key': idempotency_key}


def handler(system, this, inputs):
    first = this.step('pay', pay, 5)
    second = this.step('pay', pay, 5)
    return {'amount': first['amount'], 'distinct': first['key'] != second['key']}
