"""IDENTITY_ROLE: Gives a role to an identity. Whoever adds one must hold everything that the role allows."""

from typing import Any, Literal, Self, TypedDict, overload

from .project import Project
from .record import Record
from .role import Role

__all__ = ['IdentityRole']

_StrField = Literal['id', 'created_at', 'modified_at', 'identity_id', 'role_id']
_IntField = Literal['version']
_OptionalStrField = Literal['created_by', 'modified_by', 'project_id']
_BoolField = Literal['propagate']
_Field = _StrField | _IntField | _OptionalStrField | _BoolField

class _Row(TypedDict):
    """Every readable field of a IDENTITY_ROLE."""

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
    identity_id: str
    """Who gets the role: the id of a user or of another identity. Fixed once created."""
    role_id: str
    """The role. Fixed once created."""
    propagate: bool
    """Whether what the identity creates, executions above all, gets the role too. Default true."""
    project_id: str | None
    """In which project the role counts; unset means wherever its permissions say."""

class IdentityRole(Record):
    """Gives a role to an identity. Whoever adds one must hold everything that the role allows.

    A row that belongs to another record and takes its rights. `system.identity_role` makes a handle by its id.

    >>> system.identity_role(some_id).get('propagate')
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
        identity_id: str = ...,
        role_id: str = ...,
        propagate: bool = ...,
        project_id: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `identity_id`, `role_id`.

        Fixed once created: `identity_id`, `role_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def role(self) -> Role:
        """A handle of the ROLE in `role_id`."""

    def project(self) -> Project | None:
        """A handle of the PROJECT in `project_id`, or None."""
