"""RECORD_TAG: Puts a tag on a record. One per record and tag."""

from typing import Any, Literal, Self, TypedDict, overload

from .record import Record
from .tag import Tag

__all__ = ['RecordTag']

_StrField = Literal['id', 'created_at', 'modified_at', 'record_id', 'tag_id']
_IntField = Literal['version']
_OptionalStrField = Literal['created_by', 'modified_by']
_Field = _StrField | _IntField | _OptionalStrField

class _Row(TypedDict):
    """Every readable field of a RECORD_TAG."""

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
    """The record that is tagged. Fixed once created."""
    tag_id: str
    """The tag. Fixed once created."""

class RecordTag(Record):
    """Puts a tag on a record. One per record and tag.

    A row that belongs to another record and takes its rights. `system.record_tag` makes a handle by its id.

    >>> system.record_tag(some_id).get('name')
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
        tag_id: str = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `record_id`, `tag_id`.

        Fixed once created: `record_id`, `tag_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def tag(self) -> Tag:
        """A handle of the TAG in `tag_id`."""
