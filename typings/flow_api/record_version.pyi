"""RECORD_VERSION: What a resource was like after one of its changes, by whom and why: `created_at` and `created_by` are
of the change. Kept by the server; sealed columns are left out.
"""

from typing import Any, Literal, TypedDict, overload

from .record import Record

__all__ = ['RecordVersion']

_Operation = Literal['create', 'update', 'delete', 'restore']
_StrField = Literal['id', 'created_at', 'modified_at', 'record_id']
_IntField = Literal['version', 'number']
_OptionalStrField = Literal['created_by', 'modified_by', 'commit_message']
_OperationField = Literal['operation']
_DictField = Literal['content']
_Field = _StrField | _IntField | _OptionalStrField | _OperationField | _DictField

class _Row(TypedDict):
    """Every readable field of a RECORD_VERSION."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    created_at: str
    """When it was created."""
    created_by: str | None
    """The identity that created it: a user or an execution."""
    modified_at: str
    """When it was last changed."""
    modified_by: str | None
    """The identity that changed it last."""
    record_id: str
    """The record."""
    number: int
    """The record's `version` after the change."""
    operation: _Operation
    """What was done: `delete` put the record into the trash bin, `restore` took it out."""
    commit_message: str | None
    """What the change was about, as given with it."""
    content: dict[str, Any]
    """The record's columns after the change; of a FILE, `sha256` instead of the content."""

class RecordVersion(Record):
    """What a resource was like after one of its changes, by whom and why: `created_at` and `created_by` are of the
    change. Kept by the server; sealed columns are left out.

    The server keeps these rows: they are read, not saved. `system.record_version` makes a handle by its id.

    >>> system.record_version(some_id).get('number')
    """

    @overload
    def get(self, field: _StrField, /) -> str:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _IntField, /) -> int:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalStrField, /) -> str | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OperationField, /) -> _Operation:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _DictField, /) -> dict[str, Any]:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, first: _Field, second: _Field, /, *more: _Field) -> tuple[Any, ...]:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""

    @overload
    def load(self, field: _StrField, /) -> str:
        """The older name of `get`."""
    @overload
    def load(self, field: _IntField, /) -> int:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalStrField, /) -> str | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OperationField, /) -> _Operation:
        """The older name of `get`."""
    @overload
    def load(self, field: _DictField, /) -> dict[str, Any]:
        """The older name of `get`."""
    @overload
    def load(self, first: _Field, second: _Field, /, *more: _Field) -> tuple[Any, ...]:
        """The older name of `get`."""

    @overload
    def get_dict(self) -> _Row:
        """All readable fields."""
    @overload
    def get_dict(self, first: _Field, /, *more: _Field) -> dict[str, Any]:
        """The named fields."""
