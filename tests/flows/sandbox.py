# expect: {"status": "ENDED_SUCCESS", "output": {"own": "mine", "outside": "PermissionError", "home": "PermissionError"}}
import pathlib


def attempt(path):
    try:
        pathlib.Path(path).write_text('not allowed')
    except OSError as error:
        return type(error).__name__
    return 'written'


def handler(system, this, inputs):
    own = pathlib.Path('note.txt')
    own.write_text('mine')
    return {'own': own.read_text(), 'outside': attempt('/tmp/flowstead-sandbox-test'), 'home': attempt('/etc/flowstead-sandbox-test')}
