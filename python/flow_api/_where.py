"""Where a flow stands: the lines of its script, seen from a signal handler. It only looks."""

import sys

__all__ = ['look']

# Frames shown of a stack: the outermost and the innermost. Deeper stacks are not walked to their end.
_FIRST, _LAST, _DEEPEST = 5, 15, 5_000
_TASKS = 20


def look(frame, script, loop):
    """The innermost frame is ``frame``; ``loop`` is the event loop of an async handler, or None."""
    # Asked again while it looks, it stands in here.
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
    inside = _inside(frame, script)
    lines = []
    for _ in range(_DEEPEST):
        if frame is None:
            break
        if frame.f_code.co_filename == script:
            lines.append(_line(frame))
        frame = frame.f_back
    lines.reverse()
    left_out = max(0, len(lines) - _FIRST - _LAST)
    if left_out:
        lines[_FIRST:-_LAST] = []
    tasks, more = _tasks(script, loop)
    return {'frames': lines, 'left_out': left_out, 'inside': inside, 'tasks': tasks, 'more_tasks': more}


def _line(frame):
    return {'line': frame.f_lineno or 0, 'function': frame.f_code.co_qualname}


def _inside(frame, script):
    if frame is None or frame.f_code.co_filename == script:
        return None
    module = frame.f_globals.get('__name__')
    return {'module': module if type(module) is str else '?', **_line(frame)}


def _tasks(script, loop):
    asyncio = sys.modules.get('asyncio')
    if loop is None or asyncio is None or loop.is_closed():
        return [], 0
    found = [(task.get_name(), task.get_coro()) for task in asyncio.all_tasks(loop)]
    found.sort(key=lambda task: (len(task[0]), task[0]))
    return [{'name': name, 'frames': _awaits(script, coroutine)} for name, coroutine in found[:_TASKS]], max(0, len(found) - _TASKS)


def _awaits(script, coroutine):
    lines = []
    for _ in range(100):
        frame = getattr(coroutine, 'cr_frame', None) or getattr(coroutine, 'gi_frame', None) or getattr(coroutine, 'ag_frame', None)
        if frame is None:
            break
        if getattr(coroutine, 'cr_running', False):
            return []
        if frame.f_code.co_filename == script:
            lines.append(_line(frame))
        coroutine = getattr(coroutine, 'cr_await', None) or getattr(coroutine, 'gi_yieldfrom', None) or getattr(coroutine, 'ag_await', None)
    return lines[-_LAST:]
