"""The native core under ``flow_api``. Flows import ``flow_api``, never this.

``get``, ``load``, ``get_dict`` and ``save`` of a handle of any type take anything here, so that the class of each type may
say what they really take.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, Literal, NoReturn, Self, TypeVar, final, overload
from uuid import UUID

from typing_extensions import disjoint_base

from flow_api.user import User
from flow_api.workspace import Workspace

_Made = TypeVar('_Made')
_Handle = TypeVar('_Handle', covariant=True)

@disjoint_base
class Record:
    """A handle of a record: a type, and an id or a name. Nothing is read until asked, nothing is kept."""

    def __new__(cls, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Self: ...
    def get(self, *fields: Any, **_: Any) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh.

        Raises ``InvalidInputError`` for a field that the type does not have (naming the nearest one) and
        ``ResourceNotFoundError`` when there is no such record, or the execution may not see it.

        >>> status, message = child.get('status', 'status_message')
        """

    def load(self, *fields: Any, **_: Any) -> Any:
        """The older name of ``get``, which always reads afresh."""

    def get_dict(self, *fields: Any, **_: Any) -> Any:
        """The named fields as a dict; all readable ones when none is named. Raises what ``get`` raises.

        >>> system.flow('hello').get_dict('id', 'version')
        {'id': '0193...', 'version': 3}
        """

    def save(self, *_: Any, **fields: Any) -> Self:
        """Creates the record if there is none, else overwrites those columns. Returns the handle.

        Raises ``InvalidInputError`` for an unknown field, a value of the wrong type, or a required field that a new record
        lacks (``field`` is its JSON pointer), and ``PermissionDenied``.

        >>> system.setting('greeting').save(value={'text': 'hello'})
        """

    def exists(self) -> bool:
        """Whether there is such a record, outside the trash bin, that the execution may see."""

    def delete(self, permanently: bool = False) -> None:
        """Puts the record into the trash bin; with ``permanently=True``, or where its type has no bin, deletes it for good.

        Raises ``ResourceNotFoundError`` and ``PermissionDenied``.
        """

    def archive(self) -> None:
        """The older name of ``delete()``: into the trash bin."""

    def restore(self) -> None:
        """Takes the record out of the trash bin.

        Raises ``ResourceNotFoundError``, ``PermissionDenied``, and ``InvalidInputError`` when a live record has its name.
        """

    def clone(self, **overrides: Any) -> Self:
        """A new handle, not yet saved, with the same columns except those overridden.

        Raises ``InvalidInputError`` for an unknown field and ``ResourceNotFoundError``.

        >>> system.flow('hello').clone(name='hello again').save()
        """

    def export(self) -> dict[str, Any]:
        """The export document: the type in lower case, below it the columns that are exported."""

@final
class RecordIterator(Generic[_Handle]):
    """What a listing gives: handles of the records found when its iteration starts."""

    def __iter__(self) -> Iterator[_Handle]: ...
    def __next__(self) -> _Handle: ...

class Execution(Record):
    """The core of ``this`` and of every child: log, results, ends, time, steps."""

    def log(
        self, *values: Any, level: Literal['debug', 'info', 'warning', 'error'] = 'info', **named: Any
    ) -> None:
        """Writes one log entry: the values as text, the named ones as a JSON object beside it.

        Values that are no JSON are shown by their ``repr``. ``level`` defaults to ``info``; an unknown one raises
        ``InvalidInputError``. Works on ``this`` alone.

        >>> this.log('order booked', order=4711, level='debug')
        """

    def success(self, message: Any = None) -> NoReturn:
        """Ends the execution with success; ``message`` becomes its ``status_message``.

        Never returns: raises the signal ``ExecutionSuccess``, which ``except Exception`` lets pass.

        >>> return this.success('all booked')
        """

    def _respond(self, reply: Any, message: Any = None) -> NoReturn: ...
    def error(self, message: Any = None, hint: str | None = None, data: Any = None) -> NoReturn:
        """Ends the execution with an error; ``message`` becomes its ``status_message``.

        ``hint`` says what could be done about it, ``data`` is any JSON value with details; both stay on the execution.
        Never returns: raises the signal ``ExecutionError``.

        >>> return this.error('no such customer', hint='create it first', data={'customer': 7})
        """

    def end(
        self,
        status: Literal['success', 'error', 'cancelled', 'ENDED_SUCCESS', 'ENDED_ERROR', 'ENDED_CANCELLED'],
        message: Any = None,
    ) -> NoReturn:
        """Ends the execution with this status and message. Never returns.

        Another status raises ``InvalidInputError``, and the execution goes on.

        >>> this.end('cancelled', 'nothing to do today')
        """

    def restart(self, inputs: Any) -> NoReturn:
        """Starts the same execution from the top with new inputs and an empty journal. Never returns.

        For loops without end: the journal does not grow from round to round.

        >>> this.restart({'page': inputs['page'] + 1})
        """

    def save_dump(self, name: str) -> int:
        """Makes a savepoint that ``load_dump`` goes back to, and returns how often the execution has come back to it."""

    def load_dump(self, name: str, by: Literal['name', 'id'] = 'name') -> NoReturn:
        """Goes back to a savepoint: the execution goes on after its ``save_dump``, in a new epoch."""

    @overload
    def set_output(self, key: Any) -> None:
        """Replaces the whole ``output_value`` with a JSON value."""

    @overload
    def set_output(self, key: str, value: Any) -> None:
        """Sets one key of ``output_value``, an object; the other keys stay.

        Raises ``InvalidInputError`` for a value that is no JSON.

        >>> this.set_output('total', 12)
        """

    def get_outputs(self) -> dict[str, Any]:
        """The ``output_value`` of this execution or child; an empty dict when it has none.

        >>> this.flow('square', number=3).get_outputs()
        {'number': 3, 'square': 9}
        """

    def set_progress(self, done: float, total: float = 1.0, message: str | None = None) -> None:
        """Shows how far the execution is: ``done`` of ``total``, in any unit. Default total: 1.0.

        Raises ``InvalidInputError`` unless ``done >= 0`` and ``total > 0``. Works on ``this`` alone.

        >>> this.set_progress(3, total=20, message='3 of 20 booked')
        """

    def sleep(self, seconds: float) -> None:
        """Waits for this many seconds, zero or more, without holding a process.

        The timer is kept on disk: it survives a restart of the server. Raises ``InvalidInputError`` for what is no such number.

        >>> this.sleep(0.5)
        """

    def sleep_until(self, unix_timestamp: float | datetime) -> None:
        """Waits until a moment: seconds since 1970 UTC, or a ``datetime``. One in the past is over at once.

        Raises ``InvalidInputError`` for anything else.

        >>> this.sleep_until(time.time() + 60)
        """

    def step(
        self, name: str, function: Callable[..., _Made], *args: Any, on_loss: Literal['retry', 'fail'] = 'retry', **kw: Any
    ) -> _Made:
        """Calls ``function(*args, **kw)`` and records its result, so that a replay does not call it again.

        The result is a JSON value and comes back as JSON gives it: a tuple as a list. At least once: a crash between effect
        and record repeats the call, unless ``on_loss='fail'`` (default ``'retry'``). A function with a parameter
        ``idempotency_key`` is handed a text that is the same at each attempt. What the function raises is recorded and raised
        again; a result that is no JSON raises ``InvalidInputError``.

        >>> receipt = this.step('pay', pay, order_id, amount=12)
        """

    def now(self) -> str:
        """The time, as ISO 8601 text with microseconds and offset; the same on a replay.

        >>> datetime.fromisoformat(this.now())
        """

    def uuid(self) -> str:
        """A random UUID as text; the same on a replay."""

    def random(self) -> float:
        """A random number from 0.0 up to, but not including, 1.0; the same on a replay."""

class System:
    """The core of ``system``: who runs the flow, and where."""

    def __new__(cls) -> Self: ...
    def get_own_user(self) -> User:
        """The user in whose name the execution runs.

        >>> system.get_own_user().get('name')
        'admin'
        """

    def get_own_workspace(self) -> Workspace:
        """The workspace: the whole installation."""

    def get_own_client(self) -> Workspace:
        """The older name of ``get_own_workspace``."""

    def get_env_name(self) -> str:
        """The name of the environment, as the server was configured."""
