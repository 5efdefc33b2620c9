# expect: {"status": "ENDED_ERROR", "message_contains": ["Traceback (most recent call last)", "in divide", "return a / b", "ZeroDivisionError"], "message_lacks": ["flow_api/", "_handler"]}
def divide(a, b):
    return a / b


def handler(system, this, inputs):
    divide(1, 0)
