"""The status message of an execution that ended with an exception: the flow's own lines, and nothing of ours."""

import traceback

from .exceptions import LifecycleSignal

__all__ = ['describe']


def describe(error, phase, script_name, limits):
    """What happened, in one line where that helps, then the traceback. ``phase``: syntax, import or handler.
    ``limits``: what the execution may use, by the settings' names; 0 for none."""
    if phase == 'syntax':
        return _syntax(error)
    first = _first_line(error, phase, limits)
    shown = traceback.TracebackException(type(error), error, error.__traceback__, limit=None, compact=True)
    _keep_flow_lines(shown, script_name, set())
    text = ''.join(shown.format()).rstrip('\n')
    return f'{first}\n\n{text}' if first else text


def _first_line(error, phase, limits):
    if isinstance(error, SystemExit):
        shown = '' if error.code is None else repr(error.code)
        return f'The flow called sys.exit({shown}); end it with this.success() or this.error() instead.'
    if _is_out_of_memory(error):
        return _limit('The flow ran out of memory', 'may use {} MiB', 'memory_bytes', limits['memory_bytes'] >> 20)
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        what = 'The flow could not start another thread, since each reserves room for its stack (threading.stack_size)'
        return _limit(what, 'may use {} MiB', 'memory_bytes', limits['memory_bytes'] >> 20)
    if isinstance(error, OSError) and error.errno in _FULL:
        what, may, name = _FULL[error.errno]
        return _limit(what, may, name, limits[name])
    if phase == 'import':
        if isinstance(error, ImportError):
            return f'An import of the script failed: {error}'
        return f'The script failed before its handler was called: {type(error).__name__}: {error}'
    return None


# What the kernel refuses at a limit, by its number: EFBIG, EMFILE.
_FULL = {
    27: ('The flow wrote a file that is too large', 'may have {} bytes', 'file_bytes'),
    24: ('The flow has too many files and connections open', 'may have {}', 'open_files'),
}


def _limit(what, may, name, value):
    return f'{what}; it {may.format(value)} (limits.{name}).' if value else f'{what}.'


def _is_out_of_memory(error):
    # CPython, short of memory for the exception itself, raises a SystemError in its place.
    return isinstance(error, MemoryError) or (isinstance(error, SystemError) and 'without exception set' in str(error))


def _syntax(error):
    if not isinstance(error, SyntaxError):
        return f'The script cannot be compiled: {type(error).__name__}: {error}'
    line = f' in line {error.lineno}' if error.lineno else ''
    text = ''.join(traceback.format_exception_only(type(error), error)).rstrip('\n')
    return f'The script has a syntax error{line}: {error.msg}\n\n{text}'


def _keep_flow_lines(shown, script_name, seen):
    if shown is None or id(shown) in seen:
        return
    seen.add(id(shown))
    if shown.stack is not None:
        kept = [frame for frame in shown.stack if frame.filename == script_name]
        shown.stack = traceback.StackSummary.from_list(kept)
    if _is_signal(shown.__context__):
        shown.__context__ = None
    for chained in (shown.__cause__, shown.__context__, *(getattr(shown, 'exceptions', None) or ())):
        _keep_flow_lines(chained, script_name, seen)


def _is_signal(shown):
    kind = getattr(shown, '_exc_type', None) or getattr(shown, 'exc_type', None)
    return isinstance(kind, type) and issubclass(kind, LifecycleSignal)
