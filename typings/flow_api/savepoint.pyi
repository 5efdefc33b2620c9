"""SAVEPOINT: A named moment of an execution, which it can go back to. Made by `this.save_dump`."""

from typing import Any, Literal, TypedDict, overload

from .execution import Execution
from .record import Record

__all__ = ['Savepoint']

_StrField = Literal['id', 'created_at', 'modified_at', 'execution_id', 'name']
_IntField = Literal['version', 'epoch', 'seq']
_OptionalStrField = Literal['created_by', 'modified_by']
_Field = _StrField | _IntField | _OptionalStrField

class _Row(TypedDict):
    """Every readable field of a SAVEPOINT."""

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
    execution_id: str
    """The execution it is of."""
    name: str
    """Its name; unique within the execution."""
    epoch: int
    """The epoch of the execution's journal it lies in."""
    seq: int
    """The number of the call after which it stands."""

class Savepoint(Record):
    """A named moment of an execution, which it can go back to. Made by `this.save_dump`.

    The server keeps these rows: they are read, not saved. `system.savepoint` makes a handle by its id.

    >>> system.savepoint(some_id).get('name')
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

    def execution(self) -> Execution:
        """A handle of the EXECUTION in `execution_id`."""
