"""JSON Schemas (2020-12) of Python type hints: what an editor checks is what the server checks."""

import ast
import collections.abc
import dataclasses
import enum
import inspect
import json
import types
import typing

__all__ = ['NoSchema', 'field_docs', 'of']

_PLAIN = {str: 'string', int: 'integer', float: 'number', bool: 'boolean', type(None): 'null', None: 'null', list: 'array', dict: 'object'}
_LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_UNIONS = (typing.Union, getattr(types, 'UnionType', typing.Union))
_QUALIFIERS = [getattr(typing, name) for name in ('Required', 'NotRequired', 'ReadOnly', 'Final') if hasattr(typing, name)]
_MISSING = dataclasses.MISSING


class NoSchema(Exception):
    """A hint that JSON has nothing for; the text says where and what."""


def of(hint, documented, is_output=False):
    """The schema of a hint, or None where the hint allows everything.

    ``documented``: what :func:`field_docs` found. An output that may be None has no value then, so null is left out.
    """
    if is_output and typing.get_origin(hint) in _UNIONS:
        rest = [option for option in typing.get_args(hint) if option is not type(None)]
        hint = typing.Union[tuple(rest)]
    if is_output and hint is type(None):
        return None
    schema = _Reader(documented).read(hint, '')
    return schema if schema not in ({}, {'type': 'object'}) else None


def field_docs(tree):
    """The strings that stand below fields of classes, by (class, field)."""
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for field, doc in zip(node.body, node.body[1:]):
            is_field = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            is_text = isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) and isinstance(doc.value.value, str)
            if is_field and is_text:
                found[node.name, field.target.id] = inspect.cleandoc(doc.value.value)
    return found


class _Reader:
    def __init__(self, documented):
        self.documented = documented
        self.open = []

    def read(self, hint, where):
        if hint in (typing.Any, object, inspect.Parameter.empty):
            return {}
        if hint is None or (isinstance(hint, type) and hint in _PLAIN):
            return {'type': _PLAIN[hint]}
        origin = typing.get_origin(hint)
        if origin is not None:
            return self._generic(origin, hint, where)
        if isinstance(hint, typing.NewType):
            return self.read(hint.__supertype__, where)
        if type(hint).__name__ == 'TypeAliasType':
            return self._once(hint, where, lambda: self.read(hint.__value__, where))
        if isinstance(hint, type):
            return self._class(hint, where)
        raise NoSchema(f'{_at(where)}{_name(hint)} is no type that JSON has.')

    def _generic(self, origin, hint, where):
        arguments = typing.get_args(hint)
        if origin is typing.Annotated:
            return self._annotated(arguments[0], arguments[1:], where)
        if origin in _QUALIFIERS:
            return self.read(arguments[0], where)
        if origin is typing.Literal:
            return _enumeration(list(arguments), where)
        if origin in _UNIONS:
            return self._union(arguments, where)
        if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
            return {'type': 'array', 'items': self.read(arguments[0], f'{where}[]')}
        if origin in _LISTS:
            items = self.read(arguments[0], f'{where}[]')
            return {'type': 'array', 'items': items} if items else {'type': 'array'}
        if origin in _MAPPINGS:
            if arguments[0] is not str:
                raise NoSchema(f'{_at(where)}the keys of a JSON object are str, not {_name(arguments[0])}.')
            values = self.read(arguments[1], f'{where}{{}}')
            return {'type': 'object', 'additionalProperties': values} if values else {'type': 'object'}
        raise NoSchema(f'{_at(where)}{_name(hint)} is no type that JSON has; use list, dict, TypedDict or a dataclass.')

    def _annotated(self, hint, notes, where):
        schema = dict(self.read(hint, where))
        for note in notes:
            if isinstance(note, str):
                schema['description'] = note
            elif isinstance(note, dict):
                schema.update(note)
        return schema

    def _union(self, options, where):
        schemas = [self.read(option, where) for option in options]
        if {} in schemas:
            return {}
        if all(set(schema) == {'type'} for schema in schemas):
            kinds = list(dict.fromkeys(schema['type'] for schema in schemas))
            # In JSON a number may be a whole one.
            kinds = [kind for kind in kinds if kind != 'integer' or 'number' not in kinds]
            return {'type': kinds if len(kinds) > 1 else kinds[0]}
        values = [schema for schema in schemas if 'enum' in schema]
        if len(values) == len(schemas) - 1 and {'type': 'null'} in schemas and len(values) == 1:
            return _enumeration([*values[0]['enum'], None], where)
        return {'anyOf': schemas}

    def _class(self, hint, where):
        if issubclass(hint, enum.Enum):
            return _enumeration([member.value for member in hint], where)
        if typing.is_typeddict(hint):
            return self._once(hint, where, lambda: self._typed_dict(hint, where))
        if dataclasses.is_dataclass(hint):
            return self._once(hint, where, lambda: self._dataclass(hint, where))
        other = 'str, as ISO 8601' if hint.__module__ == 'datetime' else 'str' if hint.__module__ in ('uuid', 'pathlib') else None
        if hint in (set, frozenset, tuple):
            other = 'list'
        advice = f'use {other}' if other else 'use str, int, float, bool, list, dict, TypedDict or a dataclass'
        raise NoSchema(f'{_at(where)}JSON has no {_name(hint)}; {advice}.')

    def _once(self, hint, where, read):
        if hint in self.open:
            raise NoSchema(f'{_at(where)}{_name(hint)} contains itself; write the schema down instead.')
        self.open.append(hint)
        try:
            return read()
        finally:
            self.open.pop()

    def _typed_dict(self, hint, where):
        hints = typing.get_type_hints(hint, include_extras=True)
        properties = {name: self._field(hint, name, field, where) for name, field in hints.items()}
        return _object(hint, properties, [name for name, field in hints.items() if _is_required(hint, name, field)])

    def _dataclass(self, hint, where):
        hints = typing.get_type_hints(hint, include_extras=True)
        properties, required = {}, []
        for field in dataclasses.fields(hint):
            if not field.init:
                continue
            schema = self._field(hint, field.name, hints[field.name], where)
            if 'description' in field.metadata:
                schema['description'] = str(field.metadata['description'])
            if field.default is _MISSING and field.default_factory is _MISSING:
                required.append(field.name)
            else:
                _set_default(schema, field)
            properties[field.name] = schema
        return _object(hint, properties, required)

    def _field(self, owner, name, hint, where):
        schema = dict(self.read(hint, f'{where}.{name}' if where else name))
        for ancestor in owner.__mro__ if dataclasses.is_dataclass(owner) else (owner, *getattr(owner, '__orig_bases__', ())):
            doc = self.documented.get((getattr(ancestor, '__name__', None), name))
            if doc:
                schema.setdefault('description', doc)
        return schema


def _is_required(owner, name, hint):
    # Where annotations are strings, only the evaluated hint knows Required and NotRequired.
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        origin = typing.get_origin(typing.get_args(hint)[0])
    if origin in (typing.Required, typing.NotRequired):
        return origin is typing.Required
    return name in owner.__required_keys__


def _set_default(schema, field):
    default = field.default if field.default is not _MISSING else field.default_factory()
    if isinstance(default, enum.Enum):
        default = default.value
    if dataclasses.is_dataclass(default) and not isinstance(default, type):
        default = dataclasses.asdict(default)
    try:
        schema['default'] = json.loads(json.dumps(default, allow_nan=False))
    except (TypeError, ValueError):
        # It cannot be shown, but it is there: the field stays optional.
        pass


def _object(owner, properties, required):
    schema = {'type': 'object'}
    doc = owner.__dict__.get('__doc__')
    # A dataclass without a docstring has its signature for one.
    if doc and not doc.startswith(f'{owner.__name__}('):
        schema['description'] = inspect.cleandoc(doc)
    schema['properties'] = properties
    if required:
        schema['required'] = required
    schema['additionalProperties'] = False
    return schema


def _enumeration(values, where):
    plain = [value.value if isinstance(value, enum.Enum) else value for value in values]
    for value in plain:
        if type(value) not in _PLAIN:
            raise NoSchema(f'{_at(where)}{value!r} is no JSON value.')
    kinds = list(dict.fromkeys(_PLAIN[type(value)] for value in plain))
    return {'type': kinds[0], 'enum': plain} if len(kinds) == 1 else {'enum': plain}


def _at(where):
    return f'{where}: ' if where else ''


def _name(hint):
    return getattr(hint, '__qualname__', None) or str(hint)
