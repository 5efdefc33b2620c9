# expect: {"status": "ENDED_SUCCESS", "output": [[1], [1], [1], [1]]}
SCRIPT = """
seen = []

def handler(system, this, inputs):
    seen.append(1)
    return seen
"""


def handler(system, this, inputs):
    return [this.script(SCRIPT).get('output_value') for _ in range(4)]
