"""API_KEY: A credential for programs that act for a user. The token is shown once, when the key is made; only a hash of
it is kept.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .record import Record
from .user import User

__all__ = ['ApiKey']

_Kind = Literal['user', 'service']
_StrField = Literal['id', 'created_at', 'modified_at', 'user_id', 'name', 'prefix']
_IntField = Literal['version']
_OptionalStrField = Literal[
    'created_by', 'modified_by', 'expires_at', 'last_used_at', 'replaced_by', 'revoked_at', 'tools',
]
_KindField = Literal['kind']
_JsonField = Literal['scopes']
_Field = _StrField | _IntField | _OptionalStrField | _KindField | _JsonField

class _Row(TypedDict):
    """Every readable field of a API_KEY."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    created_at: str
    """When it was created."""
    created_by: str | None
    """The identity that created it: a user or an execution."""
    modified_at: str
    """When it was last changed."""
    modified_by: str | None
    """The identity that changed it last."""
    user_id: str
    """The user it acts for. Fixed once created."""
    name: str
    """What it is used for."""
    kind: _Kind
    """Whether a person or a service uses it. Default `user`. Fixed once created."""
    prefix: str
    """The public part of the token, between `cldm_` and the secret."""
    expires_at: str | None
    """From when on it is refused; null means never. Default: 90 days after its creation. Fixed once created."""
    last_used_at: str | None
    """When it was last used, to the minute."""
    replaced_by: str | None
    """The key that takes its place; this one ends at `expires_at`."""
    revoked_at: str | None
    """When it was revoked; null while it is good."""
    scopes: Any
    """What the key narrows its user's rights to: a list of `{"operation", "record_type", "project"}`, each unset or
    null for any. Null narrows nothing. Fixed once created.
    """
    tools: str | None
    """Groups and presets of tools that agents with this key are shown, with commas between: `runner`, `author`,
    `operator`, `read_only`; `user`, `run`, `read`, `write`, `script`, `health`, `risk`. Null shows all but `risk`.
    Fixed once created.
    """

class ApiKey(Record):
    """A credential for programs that act for a user. The token is shown once, when the key is made; only a hash of it
    is kept.

    A row that belongs to another record and takes its rights. `system.api_key` makes a handle by its id.

    >>> system.api_key(some_id).get('name')
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
    def load(self, field: _KindField, /) -> _Kind:
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

    def save(
        self,
        *,
        user_id: str = ...,
        name: str = ...,
        kind: _Kind = ...,
        expires_at: str | None = ...,
        scopes: Any = ...,
        tools: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `user_id`, `name`.

        Fixed once created: `user_id`, `kind`, `expires_at`, `scopes`, `tools`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def user(self) -> User:
        """A handle of the USER in `user_id`."""
