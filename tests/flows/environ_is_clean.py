# expect: {"status": "ENDED_SUCCESS", "output": {"leaks": []}}
import os
import pathlib


def handler(system, this, inputs):
    leaks = [name for name, value in os.environ.items() if 'not-for-flows' in value or name.startswith('FLOWSTEAD_')]
    if b'not-for-flows' in pathlib.Path('/proc/self/environ').read_bytes():
        leaks.append('/proc/self/environ')
    return {'leaks': leaks}
