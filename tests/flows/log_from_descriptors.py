# expect: {"status": "ENDED_SUCCESS", "logs_contain": ["from descriptor 1"]}
import os


def handler(system, this, inputs):
    os.write(1, b'from descriptor 1\n')
    os.write(2, b'\xff\xfe no utf-8\n')
