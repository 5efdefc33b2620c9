"""EXECUTION_STEP: One recorded flow_api call of an execution: the step view, the event stream, and what a replay reads.
"""

from typing import Any, Literal, TypedDict, overload

from .execution import Execution
from .record import Record

__all__ = ['ExecutionStep']

_StrField = Literal['execution_id', 'op', 'started_at']
_IntField = Literal['epoch', 'seq']
_OptionalStrField = Literal['target', 'args', 'due_at', 'done_at', 'replayed_args']
_OptionalBoolField = Literal['ok']
_JsonField = Literal['result']
_OptionalIntField = Literal['next']
_Field = _StrField | _IntField | _OptionalStrField | _OptionalBoolField | _JsonField | _OptionalIntField

class _Row(TypedDict):
    """Every readable field of a EXECUTION_STEP."""

    execution_id: str
    """The execution that made the call."""
    epoch: int
    """Which journal of the execution; `restart` opens a new one. From 1."""
    seq: int
    """The number of the call within its epoch, from 1."""
    op: str
    """The operation, such as `child` or `sleep`."""
    target: str | None
    """What it was about: a flow, a record, the name of a step."""
    args: str | None
    """The arguments as JSON text, redacted and capped."""
    started_at: str
    """When the call was made."""
    due_at: str | None
    """When a wait that is still open ends at the latest."""
    done_at: str | None
    """When it was answered; null while it is open."""
    ok: bool | None
    """Whether it was answered with a result (true) or an error (false); null while it is open."""
    result: Any
    """The result, or the error as `{"exception", "message"}`; null while it is open."""
    next: int | None
    """The number of the call after it; a finished step skips the calls made inside it."""
    replayed_args: str | None
    """What the last replay gave instead of `args`, where they may differ: texts of progress, times. The recorded ones
    stand.
    """

class ExecutionStep(Record):
    """One recorded flow_api call of an execution: the step view, the event stream, and what a replay reads.

    The server keeps these rows: they are read, not saved. `system.execution_step` makes a handle by its id.

    >>> system.execution_step(some_id).get('epoch')
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
    def get(self, field: _OptionalBoolField, /) -> bool | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalIntField, /) -> int | None:
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
    def load(self, field: _OptionalBoolField, /) -> bool | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalIntField, /) -> int | None:
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
