"""Record handles: one class per type, made from the registry; settings as locks; content of files."""

import binascii

import _flow_api

from .exceptions import InvalidInputError

__all__ = ['File', 'NotSet', 'Record', 'Setting', 'record_class']


class _NotSetType:
    """The value of what was not given, where None is a value."""

    def __repr__(self):
        return 'NotSet'

    def __bool__(self):
        return False


NotSet = _NotSetType()


class Record(_flow_api.Record):
    """A handle of a record. Nothing is read until asked."""

    __slots__ = ()


class Setting(Record):
    """A named value; also a lock: ``with system.setting('x'): ...``."""

    __slots__ = ()
    _type = 'setting'

    def acquire(self, timeout=None):
        """Takes the lock, waiting up to ``timeout`` seconds; the same execution may take it several times."""
        _flow_api._ask('lock_acquire', self._lock_name(), {'timeout': timeout})
        return self

    def release(self):
        """Gives the lock back."""
        _flow_api._ask('lock_release', self._lock_name(), {})

    def _lock_name(self):
        name = self._id or self._name
        if name is None:
            raise InvalidInputError('A lock needs a name: system.setting(name).')
        return name

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()


class File(Record):
    """A file kept by the server. Its name may contain slashes."""

    __slots__ = ()
    _type = 'file'

    def get_text_content(self):
        """The content as UTF-8 text."""
        return self.get_bytes_content().decode('utf-8')

    def get_bytes_content(self):
        """The content as bytes."""
        return binascii.a2b_base64(self.get_base64_content())

    def get_base64_content(self):
        """The content as base64 text."""
        return _flow_api._ask('file_read', self._file_name(), {})

    def save_text_content(self, content):
        """Writes text as UTF-8; creates the file where there is none. Returns the handle."""
        if not isinstance(content, str):
            raise InvalidInputError(f'save_text_content() takes a str, not a value of type {type(content).__name__}.')
        return self.save_bytes_content(content.encode('utf-8'))

    def save_bytes_content(self, content):
        """Writes bytes; creates the file where there is none. Returns the handle."""
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise InvalidInputError(f'save_bytes_content() takes bytes, not a value of type {type(content).__name__}.')
        return self._write(binascii.b2a_base64(content, newline=False).decode('ascii'))

    def save_base64_content(self, content):
        """Writes what base64 text stands for; creates the file where there is none. Returns the handle."""
        try:
            plain = binascii.a2b_base64(content)
        except (binascii.Error, ValueError, TypeError) as error:
            raise InvalidInputError(f'save_base64_content() takes base64 text: {error}.') from None
        return self.save_bytes_content(plain)

    def _write(self, content):
        answer = _flow_api._ask('file_write', self._file_name(), {'content': content})
        self._point(answer['id'], answer['name'])
        return self

    def _file_name(self):
        name = self._id or self._name
        if name is None:
            raise InvalidInputError('A file needs a name: system.file(name).')
        return name


def record_class(base, own, singular, name, doc, fields, pointers):
    """The class of a record type: ``own`` when it has methods of its own, else a new one."""
    made = own or type(name, (base,), {'__slots__': (), '_type': singular, '__doc__': doc})
    for accessor, column, points_to in pointers:
        if not hasattr(made, accessor):
            setattr(made, accessor, _pointer(made, accessor, column, points_to))
    made.__module__ = 'flow_api'
    return made


def _pointer(made, accessor, column, points_to):
    def follow(self):
        value = self.get(column)
        return None if value is None else _flow_api._handle(points_to, value, None)

    follow.__name__ = accessor
    follow.__qualname__ = f'{made.__name__}.{accessor}'
    follow.__doc__ = f'A handle of the {points_to} in ``{column}``, or None.'
    return follow
