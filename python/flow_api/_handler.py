"""Looks at the functions that a flow hands over."""

__all__ = ['has_parameter', 'parameters']

_WANTED = 'it takes (system, this, inputs), or (system, this)'
_VARARGS = 4
_VARKEYWORDS = 8


def parameters(handler):
    """How many of system, this and inputs a handler is called with: 2 or 3; or a sentence when it fits neither."""
    if not callable(handler):
        return f"'handler' is no function but a value of type {type(handler).__name__}; {_WANTED}."
    code = getattr(handler, '__code__', None)
    if code is None or hasattr(handler, '__wrapped__') or hasattr(handler, '__self__'):
        return _by_signature(handler)
    required_named = code.co_kwonlyargcount - len(handler.__kwdefaults__ or ())
    count = code.co_argcount
    required = count - len(handler.__defaults__ or ())
    return _choose(required, count, code.co_flags & _VARARGS, required_named)


def _by_signature(handler):
    import inspect

    required = count = required_named = 0
    varargs = False
    for parameter in inspect.signature(handler).parameters.values():
        optional = parameter.default is not parameter.empty
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            count += 1
            required += not optional
        elif parameter.kind is parameter.VAR_POSITIONAL:
            varargs = True
        elif parameter.kind is parameter.KEYWORD_ONLY:
            required_named += not optional
    return _choose(required, count, varargs, required_named)


def _choose(required, count, varargs, required_named):
    if required_named == 0:
        if required <= 3 and (count >= 3 or varargs):
            return 3
        if required <= 2 and count == 2:
            return 2
    return f'The handler takes {required} parameters; {_WANTED}.'


def has_parameter(function, name):
    """Whether a function takes an argument of this name."""
    code = getattr(function, '__code__', None)
    if code is not None and not hasattr(function, '__wrapped__'):
        return name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    import inspect

    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
