"""EXECUTION_LOG: One entry of an execution's log: from `this.log`, `print`, the logging module or a standard stream."""

from typing import Any, Literal, TypedDict, overload

from .execution import Execution
from .record import Record

__all__ = ['ExecutionLog']

_Level = Literal['debug', 'info', 'warning', 'error']
_Stream = Literal['stdout', 'stderr', 'logging']
_StrField = Literal['execution_id', 'at', 'message']
_IntField = Literal['seq']
_LevelField = Literal['level']
_OptionalStreamField = Literal['stream']
_OptionalIntField = Literal['step']
_JsonField = Literal['data']
_Field = _StrField | _IntField | _LevelField | _OptionalStreamField | _OptionalIntField | _JsonField

class _Row(TypedDict):
    """Every readable field of a EXECUTION_LOG."""

    execution_id: str
    """The execution that wrote it."""
    seq: int
    """Its number within the execution, from 1, without gaps."""
    at: str
    """When the server received it."""
    level: _Level
    """How grave it is."""
    stream: _Stream | None
    """Where it came from; null for `this.log`."""
    step: int | None
    """The number of the flow_api call made last before it, 0 before the first; null for raw output and for what the
    server wrote.
    """
    message: str
    """The text."""
    data: Any
    """The named values given to `this.log`, an object; null when there were none."""

class ExecutionLog(Record):
    """One entry of an execution's log: from `this.log`, `print`, the logging module or a standard stream.

    The server keeps these rows: they are read, not saved. `system.execution_log` makes a handle by its id.

    >>> system.execution_log(some_id).get('seq')
    """

    @overload
    def get(self, field: _StrField, /) -> str:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _IntField, /) -> int:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _LevelField, /) -> _Level:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalStreamField, /) -> _Stream | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalIntField, /) -> int | None:
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
    def load(self, field: _LevelField, /) -> _Level:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalStreamField, /) -> _Stream | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalIntField, /) -> int | None:
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

    def execution(self) -> Execution:
        """A handle of the EXECUTION in `execution_id`."""
