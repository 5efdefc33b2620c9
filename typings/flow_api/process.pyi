"""PROCESS: A process that runs flows. Kept by the server."""

from typing import Any, Literal, TypedDict, overload

from .execution import Execution
from .organization import Organization
from .record import Record
from .workspace import Workspace

__all__ = ['Process']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_Kind = Literal['server', 'zygote', 'slot']
_Status = Literal['idle', 'busy', 'parked', 'gone']
_StrField = Literal['id', 'name', 'created_at', 'modified_at', 'record_type']
_IntField = Literal['version']
_OptionalStrField = Literal[
    'description', 'created_by', 'modified_by', 'workspace_id', 'organization_id', 'host', 'environment',
    'current_execution_id', 'started_at', 'last_seen_at',
]
_KindField = Literal['kind']
_OptionalIntField = Literal['pid', 'memory_bytes']
_StatusField = Literal['status']
_Field = _StrField | _IntField | _OptionalStrField | _KindField | _OptionalIntField | _StatusField

class _Row(TypedDict):
    """Every readable field of a PROCESS."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    name: str
    """What lists show; need not be unique. Default: the name of what it is based on."""
    description: str | None
    """What it is for, as Markdown."""
    created_at: str
    """When it was created."""
    created_by: str | None
    """The identity that created it: a user or an execution."""
    modified_at: str
    """When it was last changed."""
    modified_by: str | None
    """The identity that changed it last."""
    workspace_id: str | None
    """The workspace it belongs to."""
    organization_id: str | None
    """The organization its workspace belongs to."""
    record_type: str
    """Its type in upper case, such as `FLOW`."""
    kind: _Kind
    """What it does."""
    host: str | None
    """The machine it runs on."""
    pid: int | None
    """Its number on that machine."""
    environment: str | None
    """The packages it has, by the hash of their list; null for the default ones."""
    status: _Status
    """What it is at."""
    current_execution_id: str | None
    """The execution it runs."""
    started_at: str | None
    """When it was started."""
    last_seen_at: str | None
    """When it last reported."""
    memory_bytes: int | None
    """The memory it held then, in bytes."""

class Process(Record):
    """A process that runs flows. Kept by the server.

    The server keeps these rows: they are read, not saved. `system.process` makes a handle by its id.

    >>> system.process(some_id).get('kind')
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
    def get(self, field: _KindField, /) -> _Kind:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalIntField, /) -> int | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _StatusField, /) -> _Status:
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
    def load(self, field: _KindField, /) -> _Kind:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalIntField, /) -> int | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _StatusField, /) -> _Status:
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

    def workspace(self) -> Workspace | None:
        """A handle of the WORKSPACE in `workspace_id`, or None."""

    def organization(self) -> Organization | None:
        """A handle of the ORGANIZATION in `organization_id`, or None."""

    def current_execution(self) -> Execution | None:
        """A handle of the EXECUTION in `current_execution_id`, or None."""
