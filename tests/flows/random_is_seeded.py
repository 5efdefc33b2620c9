# expect: {"status": "ENDED_SUCCESS", "output": {"distinct": 3}}
SCRIPT = """
import random

def handler(system, this, inputs):
    return {'draw': random.random()}
"""


def handler(system, this, inputs):
    draws = {this.script(SCRIPT).get_outputs()['draw'] for _ in range(3)}
    return {'distinct': len(draws)}
