"""RESOURCE_WRAPPER: Puts a wrapper around a resource: whoever runs the resource runs the wrapper, unless it says
`unwrapped`. One per resource and wrapper.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .record import Record
from .wrapper import Wrapper

__all__ = ['ResourceWrapper']

_StrField = Literal['id', 'created_at', 'modified_at', 'resource_id', 'wrapper_id']
_IntField = Literal['version', 'position']
_OptionalStrField = Literal['created_by', 'modified_by']
_OptionalDictField = Literal['input_value']
_Field = _StrField | _IntField | _OptionalStrField | _OptionalDictField

class _Row(TypedDict):
    """Every readable field of a RESOURCE_WRAPPER."""

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
    resource_id: str
    """The flow or connector that is wrapped. Fixed once created."""
    wrapper_id: str
    """The wrapper. Fixed once created."""
    input_value: dict[str, Any] | None
    """Inputs of the wrapper by name."""
    position: int
    """Wrappers of one resource are around each other, the lowest outermost. Default 0."""

class ResourceWrapper(Record):
    """Puts a wrapper around a resource: whoever runs the resource runs the wrapper, unless it says `unwrapped`. One per
    resource and wrapper.

    A row that belongs to another record and takes its rights. `system.resource_wrapper` makes a handle by its id.

    >>> system.resource_wrapper(some_id).get('input_value')
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
    def get(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
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
    def load(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
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
        resource_id: str = ...,
        wrapper_id: str = ...,
        input_value: dict[str, Any] | None = ...,
        position: int = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `resource_id`, `wrapper_id`.

        Fixed once created: `resource_id`, `wrapper_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def wrapper(self) -> Wrapper:
        """A handle of the WRAPPER in `wrapper_id`."""
