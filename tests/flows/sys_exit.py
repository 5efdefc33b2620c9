# expect: {"status": "ENDED_ERROR", "message_contains": "sys.exit(3)"}
import sys


def handler(system, this, inputs):
    sys.exit(3)
