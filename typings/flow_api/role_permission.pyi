"""ROLE_PERMISSION: One thing a role allows: an operation on a record type in a project. Each of the three may be unset
and then means any.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .project import Project
from .record import Record
from .role import Role

__all__ = ['RolePermission']

_Operation = Literal['CREATE', 'READ', 'UPDATE', 'DELETE']
_StrField = Literal['id', 'created_at', 'modified_at', 'role_id']
_IntField = Literal['version']
_OptionalStrField = Literal['created_by', 'modified_by', 'permission_record_type', 'project_id']
_OptionalOperationField = Literal['operation']
_Field = _StrField | _IntField | _OptionalStrField | _OptionalOperationField

class _Row(TypedDict):
    """Every readable field of a ROLE_PERMISSION."""

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
    role_id: str
    """The role that allows it. Fixed once created."""
    operation: _Operation | None
    """What may be done; unset means everything."""
    permission_record_type: str | None
    """On which type of record, in upper case; unset means on every type."""
    project_id: str | None
    """In which project; unset means everywhere."""

class RolePermission(Record):
    """One thing a role allows: an operation on a record type in a project. Each of the three may be unset and then
    means any.

    A row that belongs to another record and takes its rights. `system.role_permission` makes a handle by its id.

    >>> system.role_permission(some_id).get('operation')
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
    def get(self, field: _OptionalOperationField, /) -> _Operation | None:
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
    def load(self, field: _OptionalOperationField, /) -> _Operation | None:
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
        role_id: str = ...,
        operation: _Operation | None = ...,
        permission_record_type: str | None = ...,
        project_id: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `role_id`.

        Fixed once created: `role_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def role(self) -> Role:
        """A handle of the ROLE in `role_id`."""

    def project(self) -> Project | None:
        """A handle of the PROJECT in `project_id`, or None."""
