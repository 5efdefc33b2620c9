"""OAUTH: What it takes to get OAuth tokens from another system, for connectors and for logins."""

from typing import Any, Literal, Self, TypedDict, overload

from .bundle import Bundle
from .organization import Organization
from .project import Project
from .record import Record
from .workspace import Workspace

__all__ = ['Oauth']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_StrField = Literal[
    'id', 'name', 'created_at', 'modified_at', 'schema_version', 'record_type', 'resource_type', 'provider',
    'client_id',
]
_IntField = Literal['version']
_OptionalStrField = Literal[
    'description', 'project_id', 'bundle_id', 'created_by', 'modified_by', 'workspace_id', 'organization_id',
    'deleted_at', 'deleted_by', 'authorization_url', 'token_url', 'user_info_url',
]
_BoolField = Literal[
    'is_deleted', 'is_project_readonly', 'is_bundle_readonly', 'is_bundle_content', 'has_syntax_error',
    'has_deprecation', 'track_in_git', 'is_readonly', 'has_client_secret', 'has_refresh_token',
]
_TextListField = Literal['scopes']
_Field = _StrField | _IntField | _OptionalStrField | _BoolField | _TextListField

class _Row(TypedDict):
    """Every readable field of a OAUTH."""

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
    provider: str
    """Whose system it is, such as `google` or `azure`."""
    client_id: str
    """The id that the provider has given."""
    scopes: list[str]
    """What is asked for. Default: `[]`."""
    authorization_url: str | None
    """Where users are sent to agree."""
    token_url: str | None
    """Where tokens are fetched."""
    user_info_url: str | None
    """Where a login learns who it is."""
    has_client_secret: bool
    """Whether `client_secret` is set; its value is never shown."""
    has_refresh_token: bool
    """Whether `refresh_token` is set; its value is never shown."""

class Oauth(Record):
    """What it takes to get OAuth tokens from another system, for connectors and for logins.

    A resource: looked up by name, deleted into the trash bin. `system.oauth` makes a handle by its name or id.

    >>> system.oauth('some name').get('provider')
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
    def get(self, field: _TextListField, /) -> list[str]:
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
    def load(self, field: _TextListField, /) -> list[str]:
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
        provider: str = ...,
        client_id: str = ...,
        client_secret: str | None = ...,
        refresh_token: str | None = ...,
        scopes: list[str] = ...,
        authorization_url: str | None = ...,
        token_url: str | None = ...,
        user_info_url: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `name`, `provider`, `client_id`.

        `project_name`, which cannot be read: The project to put it in, by name; looked up when written, kept as
        `project_id`.

        `bundle_name`, which cannot be read: The bundle to put it in, by name; looked up when written, kept as
        `bundle_id`.

        `location_inheritance`, which cannot be read: Where a new record goes when no project and no bundle is given:
        where its creator is (`created_by`, the usual case), the default project (`default`), or, for executions of a
        resource, where that resource is.

        `commit_message`, which cannot be read: What this change is about, for the record's history.

        `client_secret`, which cannot be read: The secret that goes with it. Write-only.

        `refresh_token`, which cannot be read: What the provider gave for a user who agreed: tokens are fetched in their
        name, and it is replaced when the provider gives a newer one. Without it they are fetched for the client itself.
        Write-only.

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
