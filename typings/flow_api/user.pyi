"""USER: A person or a machine with a login. The name is the login name; what a user may do comes from its roles."""

from typing import Any, Literal, Self, TypedDict, overload

from .organization import Organization
from .record import Record
from .workspace import Workspace

__all__ = ['User']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_StrField = Literal['id', 'name', 'created_at', 'modified_at', 'schema_version', 'record_type', 'resource_type']
_IntField = Literal['version']
_OptionalStrField = Literal[
    'description', 'created_by', 'modified_by', 'workspace_id', 'organization_id', 'deleted_at', 'deleted_by', 'email',
    'icon', 'last_login', 'last_activity', 'locked_until',
]
_BoolField = Literal[
    'is_deleted', 'is_project_readonly', 'is_bundle_readonly', 'is_bundle_content', 'has_syntax_error',
    'has_deprecation', 'track_in_git', 'is_enabled', 'is_2fa_enabled', 'has_password', 'has_otp_secret',
]
_Field = _StrField | _IntField | _OptionalStrField | _BoolField

class _Row(TypedDict):
    """Every readable field of a USER."""

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
    email: str | None
    """Where mail to this user goes."""
    is_enabled: bool
    """Whether it may log in and use its keys. Default true."""
    icon: str | None
    """A picture, as a `data:` URL."""
    is_2fa_enabled: bool
    """Whether a login needs a second factor."""
    last_login: str | None
    """When it last logged in."""
    last_activity: str | None
    """When it last did anything, to the minute."""
    locked_until: str | None
    """Until when logins are refused after too many wrong ones; null when they are not."""
    has_password: bool
    """Whether `password` is set; its value is never shown."""
    has_otp_secret: bool
    """Whether `otp_secret` is set; its value is never shown."""

class User(Record):
    """A person or a machine with a login. The name is the login name; what a user may do comes from its roles.

    A resource: looked up by name, deleted into the trash bin. `system.user` makes a handle by its name or id.

    >>> system.user('some name').get('email')
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
        email: str | None = ...,
        is_enabled: bool = ...,
        icon: str | None = ...,
        password: str | None = ...,
        old_password: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `name`.

        `commit_message`, which cannot be read: What this change is about, for the record's history.

        `password`, which cannot be read: A new password of 12 to 1,024 characters. Write-only; kept as an argon2id
        hash.

        `old_password`, which cannot be read: The password it has now. Needed when a user changes its own; not stored.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def workspace(self) -> Workspace | None:
        """A handle of the WORKSPACE in `workspace_id`, or None."""

    def organization(self) -> Organization | None:
        """A handle of the ORGANIZATION in `organization_id`, or None."""
