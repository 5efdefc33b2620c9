"""Inputs as the handler's hint wants them, and outputs as JSON wants them, where they are dataclasses."""

import dataclasses
import enum
import typing

__all__ = ['inputs_of', 'plain']


def inputs_of(handler, inputs):
    """An instance of the dataclass that the third parameter is hinted as; any other inputs as they are."""
    hint = handler.__annotations__.get(handler.__code__.co_varnames[2])
    if isinstance(hint, str):
        try:
            hint = typing.get_type_hints(handler).get(handler.__code__.co_varnames[2])
        except Exception:  # hints may be anything; they are not what is run
            return inputs
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return _shaped(hint, inputs) if dataclasses.is_dataclass(hint) else inputs


def _shaped(hint, value):
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = typing.get_type_hints(hint)
        known = {field.name for field in dataclasses.fields(hint) if field.init}
        return hint(**{name: _shaped(hints.get(name), part) if name in known else part for name, part in value.items()})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    arguments = typing.get_args(hint)
    if isinstance(value, list) and len(arguments) == 1:
        return [_shaped(arguments[0], part) for part in value]
    if isinstance(value, dict) and len(arguments) == 2 and arguments[0] is str:
        return {key: _shaped(arguments[1], part) for key, part in value.items()}
    shapes = [option for option in arguments if isinstance(option, type) and dataclasses.is_dataclass(option)]
    if isinstance(value, dict) and len(shapes) == 1:
        return _shaped(shapes[0], value)
    return value


def plain(output):
    """A dataclass as dicts and lists."""
    return _plain(dataclasses.asdict(output))


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, enum.Enum) else value
