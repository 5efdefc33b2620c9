"""PLUGIN_ACTION: One button of a plugin: on which records it is offered, and the flow that it starts."""

from typing import Any, Literal, Self, TypedDict, overload

from .flow import Flow
from .plugin import Plugin
from .record import Record

__all__ = ['PluginAction']

_ActionType = Literal['LIST', 'RECORD']
_ExecutionLocation = Literal['record', 'plugin']
_StrField = Literal['id', 'created_at', 'modified_at', 'plugin_id', 'name', 'action_record_type']
_IntField = Literal['version']
_OptionalStrField = Literal['created_by', 'modified_by', 'description', 'flow_id', 'parent_action_id', 'icon']
_ActionTypeField = Literal['action_type']
_OptionalDictField = Literal['record_filter']
_BoolField = Literal['is_enabled']
_ExecutionLocationField = Literal['execution_location']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _ActionTypeField
    | _OptionalDictField
    | _BoolField
    | _ExecutionLocationField
)

class _Row(TypedDict):
    """Every readable field of a PLUGIN_ACTION."""

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
    plugin_id: str
    """The plugin it belongs to. Fixed once created."""
    name: str
    """What the button says; unique within the plugin."""
    description: str | None
    """What it does, as Markdown."""
    action_record_type: str
    """The type of the records it is offered on, such as `FLOW`."""
    action_type: _ActionType
    """`RECORD` offers it on a single record, `LIST` in lists too, for all that are chosen. Default `RECORD`."""
    flow_id: str | None
    """The flow that it starts; null for one that only groups others."""
    parent_action_id: str | None
    """The action it is shown below, in a menu."""
    record_filter: dict[str, Any] | None
    """A filter: it is offered on records that match; null offers it on all."""
    icon: str | None
    """A picture, as a `data:` URL."""
    is_enabled: bool
    """Whether it is offered. Default true."""
    execution_location: _ExecutionLocation
    """Where its executions lie: with the record, or with the plugin. Default `record`."""

class PluginAction(Record):
    """One button of a plugin: on which records it is offered, and the flow that it starts.

    A row that belongs to another record and takes its rights. `system.plugin_action` makes a handle by its id.

    >>> system.plugin_action(some_id).get('name')
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
    def get(self, field: _ActionTypeField, /) -> _ActionType:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _BoolField, /) -> bool:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _ExecutionLocationField, /) -> _ExecutionLocation:
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
    def load(self, field: _ActionTypeField, /) -> _ActionType:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalDictField, /) -> dict[str, Any] | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _BoolField, /) -> bool:
        """The older name of `get`."""
    @overload
    def load(self, field: _ExecutionLocationField, /) -> _ExecutionLocation:
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
        plugin_id: str = ...,
        name: str = ...,
        description: str | None = ...,
        action_record_type: str = ...,
        action_type: _ActionType = ...,
        flow_id: str | None = ...,
        parent_action_id: str | None = ...,
        record_filter: dict[str, Any] | None = ...,
        icon: str | None = ...,
        is_enabled: bool = ...,
        execution_location: _ExecutionLocation = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Required for a new one: `plugin_id`, `name`, `action_record_type`.

        Fixed once created: `plugin_id`.

        Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.
        """

    def plugin(self) -> Plugin:
        """A handle of the PLUGIN in `plugin_id`."""

    def flow(self) -> Flow | None:
        """A handle of the FLOW in `flow_id`, or None."""

    def parent_action(self) -> PluginAction | None:
        """A handle of the PLUGIN_ACTION in `parent_action_id`, or None."""
