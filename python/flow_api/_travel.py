"""What a replay for people shows of a flow: the frames of its own script, with their variables as text."""

import json
import reprlib
import sys
import types

__all__ = ['raised', 'standing']

# Characters of a value; variables of a frame; frames; tasks.
_LONGEST = 400
_MOST = 200
_DEEPEST = 50
_TASKS = 100

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = _LONGEST
_short.maxdict = _short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdeque = 20
_short.maxlevel = 4


def standing(script_name):
    """Where the flow stands now, as JSON."""
    frame, found = sys._getframe(), []
    while frame is not None:
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return json.dumps({'frames': _shown(reversed(found), script_name), 'tasks': _tasks(script_name)})


def raised(error, script_name):
    """Where an exception came from, as JSON."""
    traceback, found = error.__traceback__, []
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return json.dumps({'frames': _shown(found, script_name), 'tasks': []})


def _shown(found, script_name):
    own = [(frame, line) for frame, line in found if frame.f_code.co_filename == script_name]
    return [
        {'function': frame.f_code.co_qualname, 'line': line or 0, 'variables': _variables(frame)} for frame, line in own[-_DEEPEST:]
    ]


def _variables(frame):
    is_module = frame.f_code.co_name == '<module>'
    named = [(name, value) for name, value in frame.f_locals.items() if not name.startswith(('__', '.'))]
    if is_module:
        # What every script has: its imports, functions and classes.
        named = [(name, value) for name, value in named if not isinstance(value, (types.ModuleType, types.FunctionType, type))]
    return [(name, _text(value)) for name, value in named[:_MOST]]


def _text(value):
    try:
        text = _short.repr(value)
    except Exception as error:
        text = f'<its repr raised {type(error).__name__}>'
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'


def _tasks(script_name):
    asyncio = sys.modules.get('asyncio')
    try:
        loop = asyncio.get_running_loop() if asyncio else None
    except RuntimeError:
        loop = None
    if loop is None:
        return []
    current = asyncio.current_task(loop)
    others = sorted((task for task in asyncio.all_tasks(loop) if task is not current), key=lambda task: task.get_name())
    shown = [{'name': task.get_name(), 'frames': _shown(_awaited(task.get_coro()), script_name)} for task in others[:_TASKS]]
    return [task for task in shown if task['frames']]


def _awaited(coroutine):
    """The frames of a coroutine that is suspended, from the outermost in."""
    found = []
    while coroutine is not None and len(found) < 1000:
        for prefix in ('cr', 'ag', 'gi'):
            frame = getattr(coroutine, f'{prefix}_frame', None)
            if frame is not None:
                found.append((frame, frame.f_lineno))
                coroutine = getattr(coroutine, f'{prefix}_await', None) if prefix != 'gi' else coroutine.gi_yieldfrom
                break
        else:
            break
    return found
