"""AUDIT: An entry of the audit log: one change, login or refusal. Entries are written with the change that they tell of
and never changed.
"""

from typing import Any, Literal, TypedDict, overload

from .record import Record

__all__ = ['Audit']

_Outcome = Literal['ok', 'denied', 'failed']
_StrField = Literal['id', 'at', 'operation', 'door', 'hash']
_IntField = Literal['seq']
_OptionalStrField = Literal[
    'record_type', 'record_id', 'record_name', 'actor_type', 'actor_id', 'actor_name', 'user_id', 'api_key_id',
    'client', 'address',
]
_OutcomeField = Literal['outcome']
_JsonField = Literal['details']
_Field = _StrField | _IntField | _OptionalStrField | _OutcomeField | _JsonField

class _Row(TypedDict):
    """Every readable field of a AUDIT."""

    id: str
    """The entry's id."""
    seq: int
    """Its number, from 1, without gaps."""
    at: str
    """When it was done."""
    operation: str
    """What was done: `create`, `update`, `delete`, `restore`, `start`, `cancel`, `login`, ..."""
    record_type: str | None
    """The type of the record that it was done to, in upper case."""
    record_id: str | None
    """The record that it was done to."""
    record_name: str | None
    """The name of that record at the time."""
    outcome: _Outcome
    """Whether it was done, was not allowed, or went wrong."""
    door: str
    """The way in: `rest`, `mcp`, `cli`, `flow`, `webhook`, `schedule`, or `server` for the server itself."""
    actor_type: str | None
    """What did it: `USER`, `EXECUTION`, `WEBHOOK`, `SCHEDULE`, or null for the server."""
    actor_id: str | None
    """Who did it: a user, an execution, a webhook or a schedule."""
    actor_name: str | None
    """The login name of the user, as it was given at a login."""
    user_id: str | None
    """The user it was done for in the end: an execution acts for one."""
    api_key_id: str | None
    """The API key that the request came with."""
    client: str | None
    """What the client calls itself."""
    address: str | None
    """The address that the request came from."""
    details: Any
    """More about it: the columns that were changed, why something was refused."""
    hash: str
    """Made from this entry and the hash of the one before it, with a key outside the database."""

class Audit(Record):
    """An entry of the audit log: one change, login or refusal. Entries are written with the change that they tell of
    and never changed.

    The server keeps these rows: they are read, not saved. `system.audit` makes a handle by its id.

    >>> system.audit(some_id).get('id')
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
    def get(self, field: _OutcomeField, /) -> _Outcome:
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
    def load(self, field: _OutcomeField, /) -> _Outcome:
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
