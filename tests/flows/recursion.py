# expect: {"status": "ENDED_ERROR", "message_contains": "RecursionError"}
def down(n):
    return down(n + 1)


def handler(system, this, inputs):
    return down(0)
