"""PROJECT: A place for flows and what belongs to them. Rights are given per project, and the scripts of two projects
never share an interpreter.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .organization import Organization
from .record import Record
from .workspace import Workspace

__all__ = ['Project']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_Network = Literal['open', 'none']
_StrField = Literal['id', 'name', 'created_at', 'modified_at', 'schema_version', 'record_type', 'resource_type']
_IntField = Literal['version', 'flow_count']
_OptionalStrField = Literal[
    'description', 'created_by', 'modified_by', 'workspace_id', 'organization_id', 'deleted_at', 'deleted_by',
]
_BoolField = Literal[
    'is_deleted', 'is_project_readonly', 'is_bundle_readonly', 'is_bundle_content', 'has_syntax_error',
    'has_deprecation', 'track_in_git', 'is_readonly',
]
_OptionalTextListField = Literal['default_requirements']
_JsonField = Literal['environment']
_NetworkField = Literal['network']
_OptionalDictField = Literal['limits']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _BoolField
    | _OptionalTextListField
    | _JsonField
    | _NetworkField
    | _OptionalDictField
)

class _Row(TypedDict):
    """Every readable field of a PROJECT."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    name: str
    """Unique among the records of its type that are not in the trash bin; outer blanks are stripped."""
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
    default_requirements: list[str] | None
    """Python packages of its flows that name none, as PEP 508 requirements."""
    environment: Any
    """The packages of `default_requirements`, as resolved when they were saved."""
    network: _Network
    """Whether its flows may use the network. Default `open`."""
    limits: dict[str, Any] | None
    """Limits of its executions, an object: `{"max_running": 4}` lets four of them run at once."""
    flow_count: int
    """How many of its flows the caller may read."""

class Project(Record):
    """A place for flows and what belongs to them. Rights are given per project, and the scripts of two projects never
    share an interpreter.

    A resource: looked up by name, deleted into the trash bin. `system.project` makes a handle by its name or id.

    >>> system.project('some name').get('default_requirements')
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
    def get(self, field: _OptionalTextListField, /) -> list[str] | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _NetworkField, /) -> _Network:
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
    def load(self, field: _BoolField, /) -> bool:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalTextListField, /) -> list[str] | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _NetworkField, /) -> _Network:
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
        name: str = ...,
        description: str | None = ...,
        is_bundle_content: bool = ...,
        commit_message: str | None = ...,
        track_in_git: bool = ...,
        is_readonly: bool = ...,
        default_requirements: list[str] | None = ...,
        network: _Network = ...,
        limits: dict[str, Any] | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `name`.

        `commit_message`, which cannot be read: What this change is about, for the record's history.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def workspace(self) -> Workspace | None:
        """A handle of the WORKSPACE in `workspace_id`, or None."""

    def organization(self) -> Organization | None:
        """A handle of the ORGANIZATION in `organization_id`, or None."""
