"""FLOW: A Python module with a function `handler(system, this, inputs)`. Each run of it is an EXECUTION."""

from typing import Any, Literal, Self, TypedDict, overload

from .bundle import Bundle
from .organization import Organization
from .project import Project
from .record import Record
from .schema import Schema
from .workspace import Workspace

__all__ = ['Flow']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_OnLoss = Literal['auto', 'resume', 'restart', 'fail']
_Isolation = Literal['reuse', 'fresh']
_StrField = Literal[
    'id', 'name', 'created_at', 'modified_at', 'schema_version', 'record_type', 'resource_type', 'script',
]
_IntField = Literal['version', 'priority']
_OptionalStrField = Literal[
    'description', 'project_id', 'bundle_id', 'created_by', 'modified_by', 'workspace_id', 'organization_id',
    'deleted_at', 'deleted_by',
]
_BoolField = Literal[
    'is_deleted', 'is_project_readonly', 'is_bundle_readonly', 'is_bundle_content', 'has_syntax_error',
    'has_deprecation', 'track_in_git', 'is_readonly', 'can_execute',
]
_OptionalSchemaField = Literal['input_schema', 'output_schema']
_OptionalFloatField = Literal['max_runtime_minutes']
_OptionalIntField = Literal['max_running', 'savepoint_retention']
_JsonField = Literal['breakpoints', 'environment', 'last_steps']
_OnLossField = Literal['on_loss']
_IsolationField = Literal['isolation']
_OptionalListField = Literal['tool_warnings']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _BoolField
    | _OptionalSchemaField
    | _OptionalFloatField
    | _OptionalIntField
    | _JsonField
    | _OnLossField
    | _IsolationField
    | _OptionalListField
)

class _Row(TypedDict):
    """Every readable field of a FLOW."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    name: str
    """Unique among the records of its type that are not in the trash bin; outer blanks are stripped."""
    description: str | None
    """What it is for, as Markdown."""
    project_id: str | None
    """The project it is in. A record is in a project, in a bundle, or in neither."""
    bundle_id: str | None
    """The bundle it is in. A record is in a project, in a bundle, or in neither."""
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
    deleted_at: str | None
    """When it was put into the trash bin; null while it is live."""
    deleted_by: str | None
    """The identity that put it into the trash bin."""
    is_deleted: bool
    """Whether it is permanently deleted."""
    is_project_readonly: bool
    """Whether its project is read-only, and it with it."""
    is_bundle_readonly: bool
    """Whether its bundle is read-only, and it with it."""
    is_bundle_content: bool
    """Whether a change of it marks its bundle as modified. Default false."""
    has_syntax_error: bool
    """Whether its script or value could not be read when it was saved."""
    has_deprecation: bool
    """Whether its script uses something of flow_api that is deprecated."""
    track_in_git: bool
    """Whether Git synchronisation includes it. Default true."""
    schema_version: str
    """The version of the export format, now `1`."""
    record_type: str
    """Its type in upper case, such as `FLOW`."""
    resource_type: str
    """The same as `record_type`, for a resource."""
    is_readonly: bool
    """Whether changes are refused; the only change allowed then is to unset it. Default false."""
    script: str
    """The Python source, with a function `handler(system, this, inputs)`."""
    input_schema: dict[str, Any] | bool | None
    """JSON Schema (2020-12) of `input_value`; null accepts anything."""
    output_schema: dict[str, Any] | bool | None
    """JSON Schema (2020-12) that `output_value` must keep on success; null accepts anything."""
    max_runtime_minutes: float | None
    """Minutes of wall time an execution may take; null means no limit."""
    priority: int
    """Executions of higher priority are started first; within one, the oldest. Default 0."""
    max_running: int | None
    """How many of its executions may run at once; null means no limit. One that waits (sleeps, waits for another, for a
    lock) does not count, and goes on when it is its turn.
    """
    savepoint_retention: int | None
    """How many savepoints of an execution are kept; null means all."""
    breakpoints: Any
    """Lines of the script to stop at, a list of numbers from 1."""
    environment: Any
    """The packages that its script asks for (PEP 723), as resolved when it was saved: `{"key", "python",
    "requirements", "packages"}`. Null where it asks for none by itself: then it has those of its project, else of the
    workspace.
    """
    on_loss: _OnLoss
    """What happens to an execution whose process or server is lost: `resume` replays it, `restart` runs it from the
    top, `fail` ends it, `auto` replays it unless it acted on the world outside flow_api. Default `auto`.
    """
    isolation: _Isolation
    """Whether executions of the same flow version may follow each other in one process (`reuse`) or each get their own
    (`fresh`). Default `reuse`.
    """
    last_steps: Any
    """The step graph of its last good run."""
    can_execute: bool
    """Whether the caller may start it."""
    tool_warnings: list[Any] | None
    """What makes agents fail with its schemas, as a list of `{"pointer", "message"}`; null where no user tool shows it.
    """

class Flow(Record):
    """A Python module with a function `handler(system, this, inputs)`. Each run of it is an EXECUTION.

    A resource: looked up by name, deleted into the trash bin. `system.flow` makes a handle by its name or id.

    >>> system.flow('some name').get('script')
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
    def get(self, field: _BoolField, /) -> bool:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalFloatField, /) -> float | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalIntField, /) -> int | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OnLossField, /) -> _OnLoss:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _IsolationField, /) -> _Isolation:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalListField, /) -> list[Any] | None:
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
    def load(self, field: _BoolField, /) -> bool:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalFloatField, /) -> float | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalIntField, /) -> int | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _OnLossField, /) -> _OnLoss:
        """The older name of `get`."""
    @overload
    def load(self, field: _IsolationField, /) -> _Isolation:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalListField, /) -> list[Any] | None:
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
        name: str = ...,
        description: str | None = ...,
        project_id: str | None = ...,
        bundle_id: str | None = ...,
        project_name: str | None = ...,
        bundle_name: str | None = ...,
        location_inheritance: _LocationInheritance | None = ...,
        is_bundle_content: bool = ...,
        commit_message: str | None = ...,
        track_in_git: bool = ...,
        is_readonly: bool = ...,
        script: str = ...,
        input_schema: dict[str, Any] | bool | None = ...,
        output_schema: dict[str, Any] | bool | None = ...,
        max_runtime_minutes: float | None = ...,
        priority: int = ...,
        max_running: int | None = ...,
        savepoint_retention: int | None = ...,
        breakpoints: Any = ...,
        on_loss: _OnLoss = ...,
        isolation: _Isolation = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `name`, `script`.

        `project_name`, which cannot be read: The project to put it in, by name; looked up when written, kept as
        `project_id`.

        `bundle_name`, which cannot be read: The bundle to put it in, by name; looked up when written, kept as
        `bundle_id`.

        `location_inheritance`, which cannot be read: Where a new record goes when no project and no bundle is given:
        where its creator is (`created_by`, the usual case), the default project (`default`), or, for executions of a
        resource, where that resource is.

        `commit_message`, which cannot be read: What this change is about, for the record's history.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def project(self) -> Project | None:
        """A handle of the PROJECT in `project_id`, or None."""

    def bundle(self) -> Bundle | None:
        """A handle of the BUNDLE in `bundle_id`, or None."""

    def workspace(self) -> Workspace | None:
        """A handle of the WORKSPACE in `workspace_id`, or None."""

    def organization(self) -> Organization | None:
        """A handle of the ORGANIZATION in `organization_id`, or None."""
