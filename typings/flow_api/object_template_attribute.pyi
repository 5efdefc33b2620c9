"""OBJECT_TEMPLATE_ATTRIBUTE: A column of the objects of a template: its name, its type and what its values must keep.
"""

from typing import Any, Literal, Self, TypedDict, overload

from .object_template import ObjectTemplate
from .record import Record

__all__ = ['ObjectTemplateAttribute']

_Datatype = Literal[
    'STRING', 'TEXT', 'INTEGER', 'NUMBER', 'BOOLEAN', 'DATE', 'DATETIME', 'JSON', 'RECORD_REFERENCE',
    'OBJECT_TEMPLATE_REFERENCE',
]
_StrField = Literal['id', 'created_at', 'modified_at', 'object_template_id', 'name']
_IntField = Literal['version']
_OptionalStrField = Literal[
    'created_by', 'modified_by', 'description', 'reference_record_type', 'reference_object_template_id',
]
_DatatypeField = Literal['datatype']
_BoolField = Literal['is_nullable', 'is_unique', 'is_hidden', 'silent_update']
_Field = _StrField | _IntField | _OptionalStrField | _DatatypeField | _BoolField

class _Row(TypedDict):
    """Every readable field of a OBJECT_TEMPLATE_ATTRIBUTE."""

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
    object_template_id: str
    """The template it belongs to. Fixed once created."""
    name: str
    """The key of the value in the objects' `value`; unique within the template."""
    description: str | None
    """What it is for, as Markdown."""
    datatype: _Datatype
    """What its values are. STRING is one line of up to 255 characters, DATE is `2026-12-24`, DATETIME has a time and an
    offset, the references are ids.
    """
    is_nullable: bool
    """Whether objects may have no value of it. Default true."""
    is_unique: bool
    """Whether two objects of the template may not have the same value. Default false."""
    is_hidden: bool
    """Whether forms and lists leave it out. Default false."""
    reference_record_type: str | None
    """Of a RECORD_REFERENCE: the type of the records, such as `FLOW`; null for any."""
    reference_object_template_id: str | None
    """Of an OBJECT_TEMPLATE_REFERENCE: the template of the objects it names."""
    silent_update: bool
    """Whether a change of it does not start `on_update`. Default false."""

class ObjectTemplateAttribute(Record):
    """A column of the objects of a template: its name, its type and what its values must keep.

    A row that belongs to another record and takes its rights. `system.object_template_attribute` makes a handle by its
    id.

    >>> system.object_template_attribute(some_id).get('name')
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
    def get(self, field: _DatatypeField, /) -> _Datatype:
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
    def load(self, field: _DatatypeField, /) -> _Datatype:
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
        object_template_id: str = ...,
        name: str = ...,
        description: str | None = ...,
        datatype: _Datatype = ...,
        is_nullable: bool = ...,
        is_unique: bool = ...,
        is_hidden: bool = ...,
        reference_record_type: str | None = ...,
        reference_object_template_id: str | None = ...,
        silent_update: bool = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `object_template_id`, `name`, `datatype`.

        Fixed once created: `object_template_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def object_template(self) -> ObjectTemplate:
        """A handle of the OBJECT_TEMPLATE in `object_template_id`."""

    def reference_object_template(self) -> ObjectTemplate | None:
        """A handle of the OBJECT_TEMPLATE in `reference_object_template_id`, or None."""
