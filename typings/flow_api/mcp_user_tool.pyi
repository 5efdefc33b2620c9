"""MCP_USER_TOOL: A flow that agents see as a tool over MCP. Its `name` is the tool's name: a letter, then up to 47
letters, digits, `_` or `-`, and not the name of a built-in tool. Its `description` tells an agent when to use it; the
schemas are the flow's.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .bundle import Bundle
from .flow import Flow
from .organization import Organization
from .project import Project
from .record import Record
from .workspace import Workspace

__all__ = ['McpUserTool']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_TaskSupport = Literal['optional', 'required', 'forbidden']
_StrField = Literal[
    'id', 'name', 'created_at', 'modified_at', 'schema_version', 'record_type', 'resource_type', 'flow_id',
]
_IntField = Literal['version', 'timeout_sec']
_OptionalStrField = Literal[
    'description', 'project_id', 'bundle_id', 'created_by', 'modified_by', 'workspace_id', 'organization_id',
    'deleted_at', 'deleted_by', 'problem',
]
_BoolField = Literal[
    'is_deleted', 'is_project_readonly', 'is_bundle_readonly', 'is_bundle_content', 'has_syntax_error',
    'has_deprecation', 'track_in_git', 'is_readonly', 'is_enabled',
]
_TaskSupportField = Literal['task_support']
_JsonField = Literal['annotations']
_OptionalDictField = Literal['proposed_annotations']
_ListField = Literal['warnings']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _BoolField
    | _TaskSupportField
    | _JsonField
    | _OptionalDictField
    | _ListField
)

class _Row(TypedDict):
    """Every readable field of a MCP_USER_TOOL."""

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
    flow_id: str
    """The flow that a call runs, with the arguments as its `input_value`."""
    is_enabled: bool
    """Whether it is listed and may be called. Default true."""
    timeout_sec: int
    """Seconds that a call waits for the execution to end, 1 to 3600. Default 300."""
    task_support: _TaskSupport
    """Whether a call that takes long may go on as a task, for clients that know tasks: `optional`, `forbidden`, or
    `required`, which refuses all other clients. Default `optional`.
    """
    annotations: Any
    """What it does to the world, as hints for hosts: an object of `title` (text), `read_only`, `destructive`,
    `idempotent` and `open_world` (booleans). Without it a tool counts as destructive and open. Over MCP, what makes it
    look harmless takes a key whose `tools` name the group `risk`.
    """
    problem: str | None
    """Why it is not listed, in one sentence; null while it is."""
    proposed_annotations: dict[str, Any] | None
    """What the recorded executions of its flow's present script tell: `{"annotations", "is_confirmed", "evidence":
    {"executions", "succeeded", "needed", "since", "until", "seen"}}`. A proposal: a person confirms it by writing
    `annotations`. What none of them did counts once `needed` have succeeded. Null while none has ended; begun anew with
    each change of the script.
    """
    warnings: list[Any]
    """What keeps agents from using it well, as a list of `{"pointer", "message"}`; `/input_schema` and `/output_schema`
    are its flow's.
    """

class McpUserTool(Record):
    """A flow that agents see as a tool over MCP. Its `name` is the tool's name: a letter, then up to 47 letters,
    digits, `_` or `-`, and not the name of a built-in tool. Its `description` tells an agent when to use it; the
    schemas are the flow's.

    A resource: looked up by name, deleted into the trash bin. `system.mcp_user_tool` makes a handle by its name or id.

    >>> system.mcp_user_tool('some name').get('is_enabled')
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
    def get(self, field: _TaskSupportField, /) -> _TaskSupport:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _ListField, /) -> list[Any]:
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
    def load(self, field: _TaskSupportField, /) -> _TaskSupport:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _ListField, /) -> list[Any]:
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
        flow_id: str = ...,
        is_enabled: bool = ...,
        timeout_sec: int = ...,
        task_support: _TaskSupport = ...,
        annotations: Any = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `name`, `flow_id`.

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

    def flow(self) -> Flow:
        """A handle of the FLOW in `flow_id`."""
