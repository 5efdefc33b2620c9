"""RECORD_METADATA: A JSON value noted on a record under a key, beside the record's own columns. One per record and key.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .record import Record

__all__ = ['RecordMetadata']

_StrField = Literal['id', 'created_at', 'modified_at', 'record_id', 'key']
_IntField = Literal['version']
_OptionalStrField = Literal['created_by', 'modified_by', 'problem']
_JsonField = Literal['data']
_Field = _StrField | _IntField | _OptionalStrField | _JsonField

class _Row(TypedDict):
    """Every readable field of a RECORD_METADATA."""

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
    """The record it is noted on. Fixed once created."""
    key: str
    """The key; unique within the record. Fixed once created."""
    data: Any
    """Any JSON value."""
    problem: str | None
    """Why it has no effect, when it stands under a key that the server reads: `mcp_prompt:<name>`, `agent_instructions`
    or `mcp_enabled` of the workspace. Null otherwise.
    """

class RecordMetadata(Record):
    """A JSON value noted on a record under a key, beside the record's own columns. One per record and key.

    A row that belongs to another record and takes its rights. `system.record_metadata` makes a handle by its id.

    >>> system.record_metadata(some_id).get('key')
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
    def get(self, field: _JsonField, /) -> Any:
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
    def load(self, field: _JsonField, /) -> Any:
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

    def save(
        self,
        *,
        record_id: str = ...,
        key: str = ...,
        data: Any = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `record_id`, `key`.

        Fixed once created: `record_id`, `key`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """
