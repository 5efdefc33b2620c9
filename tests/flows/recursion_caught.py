# expect: {"status": "ENDED_SUCCESS", "output": {"caught": true}}
def down(n):
    return down(n + 1)


def handler(system, this, inputs):
    try:
        down(0)
    except RecursionError:
        return {'caught': True}
