"""EXECUTION: One run of a flow, a script or a connector, from its inputs to its end."""

import _flow_api
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NoReturn, Self, TypedDict, Unpack, overload

from . import connectors as _connectors
from .bundle import Bundle
from .connector import Connector
from .custom_object import CustomObject
from .flow import Flow
from .mcp_user_tool import McpUserTool
from .message import Message
from .organization import Organization
from .plugin_action import PluginAction
from .project import Project
from .record import Record
from .return_when import ReturnWhen
from .schedule import Schedule
from .schema import Schema
from .using import Using
from .webhook import Webhook
from .workspace import Workspace
from .wrapper import Wrapper

__all__ = ['Execution']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_Type = Literal['FLOW', 'SCRIPT', 'CONNECTION', 'SCHEDULE']
_Status = Literal[
    'CREATED', 'PENDING', 'RUNNING', 'SLEEPING', 'WAITING_DEPENDENCY', 'WAITING_MESSAGE', 'WAITING_LOCK',
    'WAITING_CONNECTION', 'PAUSED', 'ENDED_SUCCESS', 'ENDED_ERROR', 'ENDED_CANCELLED',
]
_OnLoss = Literal['auto', 'resume', 'restart', 'fail']
_Isolation = Literal['reuse', 'fresh']
_StrField = Literal['id', 'name', 'created_at', 'modified_at', 'record_type']
_IntField = Literal['version', 'priority', 'attempt']
_OptionalStrField = Literal[
    'description', 'project_id', 'bundle_id', 'created_by', 'modified_by', 'workspace_id', 'organization_id',
    'status_message', 'status_hint', 'message', 'flow_id', 'flow_name', 'connector_id', 'connector_type', 'script',
    'parent_execution_id', 'root_execution_id', 'schedule_id', 'webhook_id', 'mcp_user_tool_id', 'custom_object_id',
    'wrapper_id', 'plugin_action_id', 'scheduled_for', 'blocked_on', 'started_at', 'ended_at', 'exit_status',
    'retried_from', 'trace_id', 'parent_span_id', 'idempotency_key', 'expires_at',
]
_TypeField = Literal['type']
_StatusField = Literal['status']
_JsonField = Literal['status_data', 'progress', 'input_value', 'output_value', 'escaped', 'origin']
_OptionalSchemaField = Literal['input_schema', 'output_schema']
_BoolField = Literal['orphan', 'is_productive', 'is_paused', 'has_protected']
_OptionalFloatField = Literal['max_runtime_minutes']
_OptionalIntField = Literal[
    'duration_ms', 'cpu_ms', 'peak_memory_bytes', 'retried_seq', 'failed_after', 'savepoint_retention',
]
_OnLossField = Literal['on_loss']
_IsolationField = Literal['isolation']
_OptionalTextListField = Literal['purged']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _TypeField
    | _StatusField
    | _JsonField
    | _OptionalSchemaField
    | _BoolField
    | _OptionalFloatField
    | _OptionalIntField
    | _OnLossField
    | _IsolationField
    | _OptionalTextListField
)

class _Row(TypedDict):
    """Every readable field of a EXECUTION."""

    id: str
    """The record's id, a UUID of version 7, so that ids sort by time of creation."""
    version: int
    """Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare."""
    name: str
    """What lists show; need not be unique. Default: the name of what it is based on."""
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
    record_type: str
    """Its type in upper case, such as `FLOW`."""
    type: _Type
    """What is run. Default `FLOW`. Fixed once created."""
    status: _Status
    """Where it stands."""
    status_message: str | None
    """How it ended: the text of `this.success` or `this.error`, or the traceback."""
    status_hint: str | None
    """What could be done about its failure, as given to `this.error(hint=...)`."""
    status_data: Any
    """Details of its failure, as given to `this.error(data=...)`."""
    message: str | None
    """What it is doing, as text for lists."""
    progress: Any
    """`{"done": number, "total": number, "message": text or null}` as last set by the flow."""
    flow_id: str | None
    """The flow it runs. Fixed once created."""
    flow_name: str | None
    """The name its flow had when it was created. Fixed once created."""
    connector_id: str | None
    """The stored connector it uses. Fixed once created."""
    connector_type: str | None
    """The type of the connector it uses, such as `REST`. Fixed once created."""
    script: str | None
    """The Python source it runs: the flow's as it was at creation, or its own. Fixed once created."""
    input_value: Any
    """Its inputs as they were given; the handler gets them with defaults filled in. Fixed once created."""
    output_value: Any
    """Its output: what the handler returned or `set_output` built up."""
    input_schema: dict[str, Any] | bool | None
    """The schema its inputs were checked against. Fixed once created."""
    output_schema: dict[str, Any] | bool | None
    """The schema its output is checked against when it succeeds. Fixed once created."""
    parent_execution_id: str | None
    """The execution that created it; null for a root."""
    root_execution_id: str | None
    """The first of its ancestors, or itself."""
    schedule_id: str | None
    """The schedule that started it."""
    webhook_id: str | None
    """The webhook that started it."""
    mcp_user_tool_id: str | None
    """The user tool that started it."""
    custom_object_id: str | None
    """The custom object whose life cycle started it."""
    wrapper_id: str | None
    """The wrapper it runs in place of what it wraps. Fixed once created."""
    plugin_action_id: str | None
    """The plugin action that started it."""
    orphan: bool
    """Whether it lives on when its parent ends. Default false. Fixed once created."""
    priority: int
    """Higher is started first; within one priority, the oldest. Default: the flow's, else 0."""
    scheduled_for: str | None
    """Not to be started before this time. Fixed once created."""
    max_runtime_minutes: float | None
    """Minutes of wall time it may take. Default: the flow's; null means no limit."""
    is_productive: bool
    """Whether it does real work rather than a trial. Default false."""
    is_paused: bool
    """Whether it is held until somebody resumes it. Default false. Fixed once created."""
    blocked_on: str | None
    """What it waits for, in words and ids; null while it waits for nothing."""
    attempt: int
    """1 for the first try; one more each time a lost process had to be replaced."""
    started_at: str | None
    """When its handler first began."""
    ended_at: str | None
    """When it ended."""
    duration_ms: int | None
    """Milliseconds from `started_at` to `ended_at`."""
    cpu_ms: int | None
    """Milliseconds of CPU time its process used for it."""
    peak_memory_bytes: int | None
    """The most memory its process held, in bytes."""
    exit_status: str | None
    """How its process ended if it did, such as `exit code 3` or `signal 11 (SIGSEGV)`."""
    on_loss: _OnLoss
    """What happens when its process or server is lost. Default: the flow's. Fixed once created."""
    escaped: Any
    """The first thing it did outside flow_api in its present epoch, recorded before it was done: `{"event", "argument",
    "file", "line", "function", "after", "epoch", "attempt", "at"}`; null while there is none. With `on_loss` `auto`, it
    ends when its process is lost after that.
    """
    isolation: _Isolation
    """Whether its process may take another execution afterwards. Default: the flow's. Fixed once created."""
    retried_from: str | None
    """The ended execution whose recorded calls it carries on."""
    retried_seq: int | None
    """The number of the last call it took over from `retried_from`."""
    failed_after: int | None
    """The number of the last call before what it failed with was raised; what it called after that was cleaning up."""
    origin: Any
    """Who started it and how: `{"kind": "rest" | "mcp" | "flow" | "schedule" | "webhook" | "console" | "cli",
    "identity_id", "api_key_id", "client"}`.
    """
    trace_id: str | None
    """The W3C trace that it was called in (`traceparent`), 32 hex digits; null where it began one of its own, with the
    id of its root execution.
    """
    parent_span_id: str | None
    """The span of that trace that it is part of, 16 hex digits."""
    idempotency_key: str | None
    """The `Idempotency-Key` it was created with."""
    savepoint_retention: int | None
    """How many of its savepoints are kept. Default: the flow's; null means all."""
    expires_at: str | None
    """When retention may delete it; null until it has ended, or when it is kept."""
    purged: list[str] | None
    """What retention has taken of it: `journals`, `logs`; null while it is whole."""
    has_protected: bool
    """Whether `protected` is set; its value is never shown."""

class Execution(_flow_api.Execution, Record):
    """One run of a flow, a script or a connector, from its inputs to its end.

    An activity: its name need not be unique. `system.execution` makes a handle by its id.

    >>> system.execution(some_id).get('type')
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
    def get(self, field: _TypeField, /) -> _Type:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _StatusField, /) -> _Status:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _BoolField, /) -> bool:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalFloatField, /) -> float | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalIntField, /) -> int | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OnLossField, /) -> _OnLoss:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _IsolationField, /) -> _Isolation:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalTextListField, /) -> list[str] | None:
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
    def load(self, field: _TypeField, /) -> _Type:
        """The older name of `get`."""
    @overload
    def load(self, field: _StatusField, /) -> _Status:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _BoolField, /) -> bool:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalFloatField, /) -> float | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalIntField, /) -> int | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OnLossField, /) -> _OnLoss:
        """The older name of `get`."""
    @overload
    def load(self, field: _IsolationField, /) -> _Isolation:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalTextListField, /) -> list[str] | None:
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
        type: _Type = ...,
        message: str | None = ...,
        flow_id: str | None = ...,
        flow_name: str | None = ...,
        connector_id: str | None = ...,
        connector_type: str | None = ...,
        script: str | None = ...,
        input_value: Any = ...,
        output_value: Any = ...,
        input_schema: dict[str, Any] | bool | None = ...,
        output_schema: dict[str, Any] | bool | None = ...,
        wrapper_id: str | None = ...,
        orphan: bool = ...,
        priority: int = ...,
        scheduled_for: str | None = ...,
        max_runtime_minutes: float | None = ...,
        is_productive: bool = ...,
        is_paused: bool = ...,
        on_loss: _OnLoss = ...,
        isolation: _Isolation = ...,
        savepoint_retention: int | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Fixed once created: `type`, `flow_id`, `flow_name`, `connector_id`, `connector_type`, `script`, `input_value`,
        `input_schema`, `output_schema`, `wrapper_id`, `orphan`, `scheduled_for`, `is_paused`, `on_loss`, `isolation`.

        `project_name`, which cannot be read: The project to put it in, by name; looked up when written, kept as
        `project_id`.

        `bundle_name`, which cannot be read: The bundle to put it in, by name; looked up when written, kept as
        `bundle_id`.

        `location_inheritance`, which cannot be read: Where a new record goes when no project and no bundle is given:
        where its creator is (`created_by`, the usual case), the default project (`default`), or, for executions of a
        resource, where that resource is.

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

    def connector(self) -> Connector | None:
        """A handle of the CONNECTOR in `connector_id`, or None."""

    def parent_execution(self) -> Execution | None:
        """A handle of the EXECUTION in `parent_execution_id`, or None."""

    def root_execution(self) -> Execution | None:
        """A handle of the EXECUTION in `root_execution_id`, or None."""

    def schedule(self) -> Schedule | None:
        """A handle of the SCHEDULE in `schedule_id`, or None."""

    def webhook(self) -> Webhook | None:
        """A handle of the WEBHOOK in `webhook_id`, or None."""

    def mcp_user_tool(self) -> McpUserTool | None:
        """A handle of the MCP_USER_TOOL in `mcp_user_tool_id`, or None."""

    def custom_object(self) -> CustomObject | None:
        """A handle of the CUSTOM_OBJECT in `custom_object_id`, or None."""

    def wrapper(self) -> Wrapper | None:
        """A handle of the WRAPPER in `wrapper_id`, or None."""

    def plugin_action(self) -> PluginAction | None:
        """A handle of the PLUGIN_ACTION in `plugin_action_id`, or None."""

    def flow(
        self, name_or_id: str | Flow, *, name: str | None = None, inputs: Mapping[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        roles: list[str] | None = None, orphan: bool = False, priority: int | None = None,
        scheduled_for: str | datetime | None = None, location_inheritance: _LocationInheritance | None = None,
        max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a flow as a child and, unless told otherwise, waits until it has succeeded. Returns its handle.

        ``inputs`` and loose keywords together are its ``input_value``. ``name``: what lists show, by default the flow's name.
        ``wait``: True, False, or a member of ``system.return_when``; for a wait with an end, ``wait=False`` and then
        ``.wait(timeout=...)``. ``run=False`` only creates it. ``orphan=True`` lets it live on when this execution ends. ``priority``,
        ``max_runtime_minutes`` and ``location_inheritance`` override the flow's; ``scheduled_for`` is the earliest start.
        ``unwrapped=True`` leaves out the wrappers that are around the flow for everybody.

        Raises ``ResourceNotFoundError`` (with near names), ``SchemaValidationError`` for inputs that break the flow's
        ``input_schema``, ``DependencyFailedError`` when it did not succeed, and ``InvalidInputError``, also when executions are
        nested too deeply (32 by default).

        >>> this.flow('square', number=3).get_outputs()
        {'number': 3, 'square': 9}
        """

    def script(
        self, source: str, *, name: str | None = None, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True,
        run: bool = True, save: bool = True, init: dict[str, Any] | None = None, roles: list[str] | None = None,
        orphan: bool = False, priority: int | None = None, scheduled_for: str | datetime | None = None,
        location_inheritance: _LocationInheritance | None = None, max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a script from its source, a module with a ``handler``, as a child; otherwise like ``flow``.

        >>> this.script('def handler(system, this, inputs): return inputs', n=1).get_outputs()
        {'n': 1}
        """

    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AWS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AwsInputs],
    ) -> _Connection[_connectors.AwsOutput]:
        """One call of a service of Amazon."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AWS'], name: str | None = None,
        inputs: _connectors.AwsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AwsSomeInputs],
    ) -> _Connection[_connectors.AwsOutput]:
        """One call of a service of Amazon."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AZURE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureInputs],
    ) -> _Connection[_connectors.AzureOutput]:
        """One call of a service of Microsoft Azure."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AZURE'], name: str | None = None,
        inputs: _connectors.AzureSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureSomeInputs],
    ) -> _Connection[_connectors.AzureOutput]:
        """One call of a service of Microsoft Azure."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AZUREAI'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureaiInputs],
    ) -> _Connection[_connectors.AzureaiOutput]:
        """One answer of a language model that Microsoft Azure hosts."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['AZUREAI'], name: str | None = None,
        inputs: _connectors.AzureaiSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureaiSomeInputs],
    ) -> _Connection[_connectors.AzureaiOutput]:
        """One answer of a language model that Microsoft Azure hosts."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['FTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.FtpInputs],
    ) -> _Connection[_connectors.FtpOutput]:
        """Files on an FTP server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['FTP'], name: str | None = None,
        inputs: _connectors.FtpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.FtpSomeInputs],
    ) -> _Connection[_connectors.FtpOutput]:
        """Files on an FTP server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['GIT'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GitInputs],
    ) -> _Connection[_connectors.GitOutput]:
        """The files or the last commit of a Git repository, or a push to it."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['GIT'], name: str | None = None,
        inputs: _connectors.GitSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GitSomeInputs],
    ) -> _Connection[_connectors.GitOutput]:
        """The files or the last commit of a Git repository, or a push to it."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['GOOGLE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GoogleInputs],
    ) -> _Connection[_connectors.GoogleOutput]:
        """One call of a service of Google."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['GOOGLE'], name: str | None = None,
        inputs: _connectors.GoogleSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GoogleSomeInputs],
    ) -> _Connection[_connectors.GoogleOutput]:
        """One call of a service of Google."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['IMAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ImapInputs],
    ) -> _Connection[_connectors.ImapOutput]:
        """A look into a mailbox."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['IMAP'], name: str | None = None,
        inputs: _connectors.ImapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ImapSomeInputs],
    ) -> _Connection[_connectors.ImapOutput]:
        """A look into a mailbox."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['K8S'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.K8sInputs],
    ) -> _Connection[_connectors.K8sOutput]:
        """One call of a Kubernetes cluster."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['K8S'], name: str | None = None,
        inputs: _connectors.K8sSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.K8sSomeInputs],
    ) -> _Connection[_connectors.K8sOutput]:
        """One call of a Kubernetes cluster."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['LDAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.LdapInputs],
    ) -> _Connection[_connectors.LdapOutput]:
        """One operation on a directory."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['LDAP'], name: str | None = None,
        inputs: _connectors.LdapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.LdapSomeInputs],
    ) -> _Connection[_connectors.LdapOutput]:
        """One operation on a directory."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MCP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.McpInputs],
    ) -> _Connection[_connectors.McpOutput]:
        """One call of a tool that a server offers over the Model Context Protocol."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MCP'], name: str | None = None,
        inputs: _connectors.McpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.McpSomeInputs],
    ) -> _Connection[_connectors.McpOutput]:
        """One call of a tool that a server offers over the Model Context Protocol."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MSTEAMS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MsteamsInputs],
    ) -> _Connection[_connectors.MsteamsOutput]:
        """A message in a channel of Microsoft Teams."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MSTEAMS'], name: str | None = None,
        inputs: _connectors.MsteamsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MsteamsSomeInputs],
    ) -> _Connection[_connectors.MsteamsOutput]:
        """A message in a channel of Microsoft Teams."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MYSQL'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MysqlInputs],
    ) -> _Connection[_connectors.MysqlOutput]:
        """One SQL statement on a MySQL or MariaDB database. What JSON has no form for is text in both directions:
        decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON` is itself and
        MariaDB's is text, bytes are `{"base64": "..."}`.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['MYSQL'], name: str | None = None,
        inputs: _connectors.MysqlSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MysqlSomeInputs],
    ) -> _Connection[_connectors.MysqlOutput]:
        """One SQL statement on a MySQL or MariaDB database. What JSON has no form for is text in both directions:
        decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON` is itself and
        MariaDB's is text, bytes are `{"base64": "..."}`.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['OPENAI'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.OpenaiInputs],
    ) -> _Connection[_connectors.OpenaiOutput]:
        """One answer of a language model, of any service that speaks OpenAI's interface."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['OPENAI'], name: str | None = None,
        inputs: _connectors.OpenaiSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.OpenaiSomeInputs],
    ) -> _Connection[_connectors.OpenaiOutput]:
        """One answer of a language model, of any service that speaks OpenAI's interface."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['PS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.PsInputs],
    ) -> _Connection[_connectors.PsOutput]:
        """A PowerShell script on a Windows machine, over WinRM."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['PS'], name: str | None = None,
        inputs: _connectors.PsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.PsSomeInputs],
    ) -> _Connection[_connectors.PsOutput]:
        """A PowerShell script on a Windows machine, over WinRM."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['REDIS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RedisInputs],
    ) -> _Connection[_connectors.RedisOutput]:
        """One command of a Redis server of version 6 or later. Maps are objects, sets are lists; what is no text is
        `{"base64": "..."}`, in arguments too. A command that only reads is done again after a loss. One that waits,
        such as `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is refused.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['REDIS'], name: str | None = None,
        inputs: _connectors.RedisSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RedisSomeInputs],
    ) -> _Connection[_connectors.RedisOutput]:
        """One command of a Redis server of version 6 or later. Maps are objects, sets are lists; what is no text is
        `{"base64": "..."}`, in arguments too. A command that only reads is done again after a loss. One that waits,
        such as `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is refused.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['REST'], name: str | None = None,
        inputs: _connectors.RestInputs | dict[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RestInputs],
    ) -> _Connection[_connectors.RestOutput]:
        """One HTTP request; redirects are followed and what is safe to repeat is repeated."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['S3'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.S3Inputs],
    ) -> _Connection[_connectors.S3Output]:
        """Objects in an S3 bucket, at Amazon or elsewhere."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['S3'], name: str | None = None,
        inputs: _connectors.S3SomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.S3SomeInputs],
    ) -> _Connection[_connectors.S3Output]:
        """Objects in an S3 bucket, at Amazon or elsewhere."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SCP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ScpInputs],
    ) -> _Connection[_connectors.ScpOutput]:
        """A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does today)."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SCP'], name: str | None = None,
        inputs: _connectors.ScpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ScpSomeInputs],
    ) -> _Connection[_connectors.ScpOutput]:
        """A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does today)."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SFTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SftpInputs],
    ) -> _Connection[_connectors.SftpOutput]:
        """A copy of a file to or from a file server, over SSH."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SFTP'], name: str | None = None,
        inputs: _connectors.SftpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SftpSomeInputs],
    ) -> _Connection[_connectors.SftpOutput]:
        """A copy of a file to or from a file server, over SSH."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SMB'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmbInputs],
    ) -> _Connection[_connectors.SmbOutput]:
        """Files on a Windows share."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SMB'], name: str | None = None,
        inputs: _connectors.SmbSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmbSomeInputs],
    ) -> _Connection[_connectors.SmbOutput]:
        """Files on a Windows share."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SMTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmtpInputs],
    ) -> _Connection[_connectors.SmtpOutput]:
        """A mail, handed to a mail server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SMTP'], name: str | None = None,
        inputs: _connectors.SmtpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmtpSomeInputs],
    ) -> _Connection[_connectors.SmtpOutput]:
        """A mail, handed to a mail server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SOAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SoapInputs],
    ) -> _Connection[_connectors.SoapOutput]:
        """One call of a SOAP service."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SOAP'], name: str | None = None,
        inputs: _connectors.SoapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SoapSomeInputs],
    ) -> _Connection[_connectors.SoapOutput]:
        """One call of a SOAP service."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLITE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqliteInputs],
    ) -> _Connection[_connectors.SqliteOutput]:
        """One SQL statement on a SQLite database that is the content of a FILE; no other file can be reached. Bytes are
        `{"base64": "..."}`. ATTACH, transactions and settings (most PRAGMAs) are refused.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLITE'], name: str | None = None,
        inputs: _connectors.SqliteSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqliteSomeInputs],
    ) -> _Connection[_connectors.SqliteOutput]:
        """One SQL statement on a SQLite database that is the content of a FILE; no other file can be reached. Bytes are
        `{"base64": "..."}`. ATTACH, transactions and settings (most PRAGMAs) are refused.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLMSSQL'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlmssqlInputs],
    ) -> _Connection[_connectors.SqlmssqlOutput]:
        """One SQL statement on a Microsoft SQL Server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLMSSQL'], name: str | None = None,
        inputs: _connectors.SqlmssqlSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlmssqlSomeInputs],
    ) -> _Connection[_connectors.SqlmssqlOutput]:
        """One SQL statement on a Microsoft SQL Server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLORACLE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqloracleInputs],
    ) -> _Connection[_connectors.SqloracleOutput]:
        """One SQL statement on an Oracle database."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLORACLE'], name: str | None = None,
        inputs: _connectors.SqloracleSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqloracleSomeInputs],
    ) -> _Connection[_connectors.SqloracleOutput]:
        """One SQL statement on an Oracle database."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLPG'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlpgInputs],
    ) -> _Connection[_connectors.SqlpgOutput]:
        """One SQL statement on a PostgreSQL database. What JSON has no form for is text in both directions, as the
        server writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC with its zone), intervals,
        UUIDs. Arrays are lists, `json` is itself, bytes are `{"base64": "..."}`. A column of a type that is not read,
        such as a range, is an error that says so.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SQLPG'], name: str | None = None,
        inputs: _connectors.SqlpgSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlpgSomeInputs],
    ) -> _Connection[_connectors.SqlpgOutput]:
        """One SQL statement on a PostgreSQL database. What JSON has no form for is text in both directions, as the
        server writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC with its zone), intervals,
        UUIDs. Arrays are lists, `json` is itself, bytes are `{"base64": "..."}`. A column of a type that is not read,
        such as a range, is an error that says so.
        """
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SSH'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SshInputs],
    ) -> _Connection[_connectors.SshOutput]:
        """A script on another machine, over SSH."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['SSH'], name: str | None = None,
        inputs: _connectors.SshSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SshSomeInputs],
    ) -> _Connection[_connectors.SshOutput]:
        """A script on another machine, over SSH."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['VAULT'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.VaultInputs],
    ) -> _Connection[_connectors.VaultOutput]:
        """A secret in a HashiCorp Vault, read or written."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['VAULT'], name: str | None = None,
        inputs: _connectors.VaultSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.VaultSomeInputs],
    ) -> _Connection[_connectors.VaultOutput]:
        """A secret in a HashiCorp Vault, read or written."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['WEBDAV'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.WebdavInputs],
    ) -> _Connection[_connectors.WebdavOutput]:
        """Files on a WebDAV server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['WEBDAV'], name: str | None = None,
        inputs: _connectors.WebdavSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.WebdavSomeInputs],
    ) -> _Connection[_connectors.WebdavOutput]:
        """Files on a WebDAV server."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['XMLRPC'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.XmlrpcInputs],
    ) -> _Connection[_connectors.XmlrpcOutput]:
        """One call of an XML-RPC service."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: Literal['XMLRPC'], name: str | None = None,
        inputs: _connectors.XmlrpcSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.XmlrpcSomeInputs],
    ) -> _Connection[_connectors.XmlrpcOutput]:
        """One call of an XML-RPC service."""
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: str, name: str | None = None, inputs: dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
    ) -> Execution:
        """A connection of a type that is known only when the flow runs."""
    @overload
    def connect(
        self, connector_name: str | Record, *, connector_type: None = None, name: str | None = None,
        inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, run: bool = True, save: bool = True,
        init: dict[str, Any] | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a connection as a child: an operation that the server carries out, without a process. Returns its handle.

        With ``connector_type`` no stored connector is needed; keywords override a stored connector's value key by key.
        ``secret(<name>)`` in an input stands for the SECRET of that name. ``wait`` and ``run`` as in ``flow``. What
        ``init={'protect_inputs': [...], 'protect_outputs': [...]}`` names is shown nowhere. Raises ``MissingInputError``,
        ``InvalidInputError`` and ``ExtraInputError`` before anything is sent, and ``DependencyFailedError``.

        >>> this.connect(connector_type='REST', url='https://example.org').get_outputs()
        """

    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AWS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AwsInputs],
    ) -> _Connection[_connectors.AwsOutput]:
        """One call of a service of Amazon."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AWS'], name: str | None = None,
        inputs: _connectors.AwsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AwsSomeInputs],
    ) -> _Connection[_connectors.AwsOutput]:
        """One call of a service of Amazon."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AZURE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureInputs],
    ) -> _Connection[_connectors.AzureOutput]:
        """One call of a service of Microsoft Azure."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AZURE'], name: str | None = None,
        inputs: _connectors.AzureSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureSomeInputs],
    ) -> _Connection[_connectors.AzureOutput]:
        """One call of a service of Microsoft Azure."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AZUREAI'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureaiInputs],
    ) -> _Connection[_connectors.AzureaiOutput]:
        """One answer of a language model that Microsoft Azure hosts."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['AZUREAI'], name: str | None = None,
        inputs: _connectors.AzureaiSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.AzureaiSomeInputs],
    ) -> _Connection[_connectors.AzureaiOutput]:
        """One answer of a language model that Microsoft Azure hosts."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['FTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.FtpInputs],
    ) -> _Connection[_connectors.FtpOutput]:
        """Files on an FTP server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['FTP'], name: str | None = None,
        inputs: _connectors.FtpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.FtpSomeInputs],
    ) -> _Connection[_connectors.FtpOutput]:
        """Files on an FTP server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['GIT'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GitInputs],
    ) -> _Connection[_connectors.GitOutput]:
        """The files or the last commit of a Git repository, or a push to it."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['GIT'], name: str | None = None,
        inputs: _connectors.GitSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GitSomeInputs],
    ) -> _Connection[_connectors.GitOutput]:
        """The files or the last commit of a Git repository, or a push to it."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['GOOGLE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GoogleInputs],
    ) -> _Connection[_connectors.GoogleOutput]:
        """One call of a service of Google."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['GOOGLE'], name: str | None = None,
        inputs: _connectors.GoogleSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.GoogleSomeInputs],
    ) -> _Connection[_connectors.GoogleOutput]:
        """One call of a service of Google."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['IMAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ImapInputs],
    ) -> _Connection[_connectors.ImapOutput]:
        """A look into a mailbox."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['IMAP'], name: str | None = None,
        inputs: _connectors.ImapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ImapSomeInputs],
    ) -> _Connection[_connectors.ImapOutput]:
        """A look into a mailbox."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['K8S'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.K8sInputs],
    ) -> _Connection[_connectors.K8sOutput]:
        """One call of a Kubernetes cluster."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['K8S'], name: str | None = None,
        inputs: _connectors.K8sSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.K8sSomeInputs],
    ) -> _Connection[_connectors.K8sOutput]:
        """One call of a Kubernetes cluster."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['LDAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.LdapInputs],
    ) -> _Connection[_connectors.LdapOutput]:
        """One operation on a directory."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['LDAP'], name: str | None = None,
        inputs: _connectors.LdapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.LdapSomeInputs],
    ) -> _Connection[_connectors.LdapOutput]:
        """One operation on a directory."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MCP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.McpInputs],
    ) -> _Connection[_connectors.McpOutput]:
        """One call of a tool that a server offers over the Model Context Protocol."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MCP'], name: str | None = None,
        inputs: _connectors.McpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.McpSomeInputs],
    ) -> _Connection[_connectors.McpOutput]:
        """One call of a tool that a server offers over the Model Context Protocol."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MSTEAMS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MsteamsInputs],
    ) -> _Connection[_connectors.MsteamsOutput]:
        """A message in a channel of Microsoft Teams."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MSTEAMS'], name: str | None = None,
        inputs: _connectors.MsteamsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MsteamsSomeInputs],
    ) -> _Connection[_connectors.MsteamsOutput]:
        """A message in a channel of Microsoft Teams."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MYSQL'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MysqlInputs],
    ) -> _Connection[_connectors.MysqlOutput]:
        """One SQL statement on a MySQL or MariaDB database. What JSON has no form for is text in both directions:
        decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON` is itself and
        MariaDB's is text, bytes are `{"base64": "..."}`.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['MYSQL'], name: str | None = None,
        inputs: _connectors.MysqlSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.MysqlSomeInputs],
    ) -> _Connection[_connectors.MysqlOutput]:
        """One SQL statement on a MySQL or MariaDB database. What JSON has no form for is text in both directions:
        decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON` is itself and
        MariaDB's is text, bytes are `{"base64": "..."}`.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['OPENAI'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.OpenaiInputs],
    ) -> _Connection[_connectors.OpenaiOutput]:
        """One answer of a language model, of any service that speaks OpenAI's interface."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['OPENAI'], name: str | None = None,
        inputs: _connectors.OpenaiSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.OpenaiSomeInputs],
    ) -> _Connection[_connectors.OpenaiOutput]:
        """One answer of a language model, of any service that speaks OpenAI's interface."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['PS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.PsInputs],
    ) -> _Connection[_connectors.PsOutput]:
        """A PowerShell script on a Windows machine, over WinRM."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['PS'], name: str | None = None,
        inputs: _connectors.PsSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.PsSomeInputs],
    ) -> _Connection[_connectors.PsOutput]:
        """A PowerShell script on a Windows machine, over WinRM."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['REDIS'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RedisInputs],
    ) -> _Connection[_connectors.RedisOutput]:
        """One command of a Redis server of version 6 or later. Maps are objects, sets are lists; what is no text is
        `{"base64": "..."}`, in arguments too. A command that only reads is done again after a loss. One that waits,
        such as `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is refused.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['REDIS'], name: str | None = None,
        inputs: _connectors.RedisSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RedisSomeInputs],
    ) -> _Connection[_connectors.RedisOutput]:
        """One command of a Redis server of version 6 or later. Maps are objects, sets are lists; what is no text is
        `{"base64": "..."}`, in arguments too. A command that only reads is done again after a loss. One that waits,
        such as `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is refused.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['REST'], name: str | None = None,
        inputs: _connectors.RestInputs | dict[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.RestInputs],
    ) -> _Connection[_connectors.RestOutput]:
        """One HTTP request; redirects are followed and what is safe to repeat is repeated."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['S3'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.S3Inputs],
    ) -> _Connection[_connectors.S3Output]:
        """Objects in an S3 bucket, at Amazon or elsewhere."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['S3'], name: str | None = None,
        inputs: _connectors.S3SomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.S3SomeInputs],
    ) -> _Connection[_connectors.S3Output]:
        """Objects in an S3 bucket, at Amazon or elsewhere."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SCP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ScpInputs],
    ) -> _Connection[_connectors.ScpOutput]:
        """A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does today)."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SCP'], name: str | None = None,
        inputs: _connectors.ScpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.ScpSomeInputs],
    ) -> _Connection[_connectors.ScpOutput]:
        """A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does today)."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SFTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SftpInputs],
    ) -> _Connection[_connectors.SftpOutput]:
        """A copy of a file to or from a file server, over SSH."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SFTP'], name: str | None = None,
        inputs: _connectors.SftpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SftpSomeInputs],
    ) -> _Connection[_connectors.SftpOutput]:
        """A copy of a file to or from a file server, over SSH."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SMB'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmbInputs],
    ) -> _Connection[_connectors.SmbOutput]:
        """Files on a Windows share."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SMB'], name: str | None = None,
        inputs: _connectors.SmbSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmbSomeInputs],
    ) -> _Connection[_connectors.SmbOutput]:
        """Files on a Windows share."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SMTP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmtpInputs],
    ) -> _Connection[_connectors.SmtpOutput]:
        """A mail, handed to a mail server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SMTP'], name: str | None = None,
        inputs: _connectors.SmtpSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SmtpSomeInputs],
    ) -> _Connection[_connectors.SmtpOutput]:
        """A mail, handed to a mail server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SOAP'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SoapInputs],
    ) -> _Connection[_connectors.SoapOutput]:
        """One call of a SOAP service."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SOAP'], name: str | None = None,
        inputs: _connectors.SoapSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SoapSomeInputs],
    ) -> _Connection[_connectors.SoapOutput]:
        """One call of a SOAP service."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLITE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqliteInputs],
    ) -> _Connection[_connectors.SqliteOutput]:
        """One SQL statement on a SQLite database that is the content of a FILE; no other file can be reached. Bytes are
        `{"base64": "..."}`. ATTACH, transactions and settings (most PRAGMAs) are refused.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLITE'], name: str | None = None,
        inputs: _connectors.SqliteSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqliteSomeInputs],
    ) -> _Connection[_connectors.SqliteOutput]:
        """One SQL statement on a SQLite database that is the content of a FILE; no other file can be reached. Bytes are
        `{"base64": "..."}`. ATTACH, transactions and settings (most PRAGMAs) are refused.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLMSSQL'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlmssqlInputs],
    ) -> _Connection[_connectors.SqlmssqlOutput]:
        """One SQL statement on a Microsoft SQL Server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLMSSQL'], name: str | None = None,
        inputs: _connectors.SqlmssqlSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlmssqlSomeInputs],
    ) -> _Connection[_connectors.SqlmssqlOutput]:
        """One SQL statement on a Microsoft SQL Server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLORACLE'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqloracleInputs],
    ) -> _Connection[_connectors.SqloracleOutput]:
        """One SQL statement on an Oracle database."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLORACLE'], name: str | None = None,
        inputs: _connectors.SqloracleSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqloracleSomeInputs],
    ) -> _Connection[_connectors.SqloracleOutput]:
        """One SQL statement on an Oracle database."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLPG'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlpgInputs],
    ) -> _Connection[_connectors.SqlpgOutput]:
        """One SQL statement on a PostgreSQL database. What JSON has no form for is text in both directions, as the
        server writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC with its zone), intervals,
        UUIDs. Arrays are lists, `json` is itself, bytes are `{"base64": "..."}`. A column of a type that is not read,
        such as a range, is an error that says so.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SQLPG'], name: str | None = None,
        inputs: _connectors.SqlpgSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SqlpgSomeInputs],
    ) -> _Connection[_connectors.SqlpgOutput]:
        """One SQL statement on a PostgreSQL database. What JSON has no form for is text in both directions, as the
        server writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC with its zone), intervals,
        UUIDs. Arrays are lists, `json` is itself, bytes are `{"base64": "..."}`. A column of a type that is not read,
        such as a range, is an error that says so.
        """
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SSH'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SshInputs],
    ) -> _Connection[_connectors.SshOutput]:
        """A script on another machine, over SSH."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['SSH'], name: str | None = None,
        inputs: _connectors.SshSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.SshSomeInputs],
    ) -> _Connection[_connectors.SshOutput]:
        """A script on another machine, over SSH."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['VAULT'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.VaultInputs],
    ) -> _Connection[_connectors.VaultOutput]:
        """A secret in a HashiCorp Vault, read or written."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['VAULT'], name: str | None = None,
        inputs: _connectors.VaultSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.VaultSomeInputs],
    ) -> _Connection[_connectors.VaultOutput]:
        """A secret in a HashiCorp Vault, read or written."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['WEBDAV'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.WebdavInputs],
    ) -> _Connection[_connectors.WebdavOutput]:
        """Files on a WebDAV server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['WEBDAV'], name: str | None = None,
        inputs: _connectors.WebdavSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.WebdavSomeInputs],
    ) -> _Connection[_connectors.WebdavOutput]:
        """Files on a WebDAV server."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['XMLRPC'], name: str | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.XmlrpcInputs],
    ) -> _Connection[_connectors.XmlrpcOutput]:
        """One call of an XML-RPC service."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: Literal['XMLRPC'], name: str | None = None,
        inputs: _connectors.XmlrpcSomeInputs | dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        **kw: Unpack[_connectors.XmlrpcSomeInputs],
    ) -> _Connection[_connectors.XmlrpcOutput]:
        """One call of an XML-RPC service."""
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: str, name: str | None = None, inputs: dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
    ) -> Execution:
        """A connection of a type that is known only when the flow runs."""
    @overload
    async def connect_async(
        self, connector_name: str | Record, *, connector_type: None = None, name: str | None = None,
        inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, run: bool = True, save: bool = True,
        init: dict[str, Any] | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``connect`` for ``async def`` handlers: other tasks go on while it waits."""

    def task(self, connector_type: str, **options: Any) -> Execution:
        """The older name of ``connect``; its first argument is a type of connector."""

    def connection(self, connector_name: str | Record | None = None, **options: Any) -> Execution:
        """The older name of ``connect``."""

    def run(self, timeout: float | None = None) -> Self:
        """Starts a child that was made with ``run=False``, and waits until it has succeeded. Returns it.

        ``timeout`` is in seconds; None, the default, waits without end. Raises what ``wait`` raises.
        """

    def run_async(self) -> Self:
        """Starts a child that was made with ``run=False``, without waiting. Returns it."""

    def wait(self, return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED, timeout: float | None = None) -> Self:
        """Waits until this child has ended as asked for. Returns it.

        ``timeout`` is in seconds; None, the default, waits without end. Raises ``DependencyFailedError`` when it did not succeed,
        unless ``return_when`` is content with that, and ``DependencyTimeoutError``, after which the child goes on.

        >>> child.wait(return_when=system.return_when.ALL_ENDED, timeout=60)
        """

    def wait_for(
        self, *executions: Execution | Iterable[Execution], return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED,
        timeout: float | None = None,
    ) -> list[Execution]:
        """Waits for several executions; returns those that have ended, in the order given. Raises what ``wait`` raises.

        >>> done = this.wait_for(*children, return_when=system.return_when.FIRST_ENDED)
        """

    async def flow_async(
        self, name_or_id: str | Flow, *, name: str | None = None, inputs: Mapping[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        roles: list[str] | None = None, orphan: bool = False, priority: int | None = None,
        scheduled_for: str | datetime | None = None, location_inheritance: _LocationInheritance | None = None,
        max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``flow`` for ``async def`` handlers: other tasks go on while it waits. Takes, returns and raises the same.

        When the task that awaits it is cancelled, as by ``asyncio.timeout``, the child goes on; it ends with its parent.

        >>> async def handler(system, this, inputs):
        ...     both = await asyncio.gather(*(this.flow_async('square', number=n) for n in (2, 3)))
        """

    async def script_async(
        self, source: str, *, name: str | None = None, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True,
        run: bool = True, save: bool = True, init: dict[str, Any] | None = None, roles: list[str] | None = None,
        orphan: bool = False, priority: int | None = None, scheduled_for: str | datetime | None = None,
        location_inheritance: _LocationInheritance | None = None, max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``script`` for ``async def`` handlers: other tasks go on while it waits. Takes, returns and raises the same."""

    async def wait_async(self, return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED, timeout: float | None = None) -> Self:
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile. Takes, returns and raises the same."""

    async def wait_for_async(
        self, *executions: Execution | Iterable[Execution], return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED,
        timeout: float | None = None,
    ) -> list[Execution]:
        """``wait_for`` for ``async def`` handlers: other tasks go on meanwhile. Takes, returns and raises the same."""

    async def sleep_async(self, seconds: float) -> None:
        """``sleep`` for ``async def`` handlers: a durable timer, while which other tasks go on. On ``this`` alone.

        ``asyncio.sleep`` works too, but is no durable timer: it does not let the process go.

        >>> await asyncio.gather(this.sleep_async(60), this.flow_async('square', number=3))
        """

    async def sleep_until_async(self, unix_timestamp: float | datetime) -> None:
        """``sleep_until`` for ``async def`` handlers: other tasks go on meanwhile. On ``this`` alone."""

    def pause(self) -> None:
        """Pauses this execution, or a child, at its next call, until somebody resumes it."""

    def cancel(self) -> None:
        """Cancels this execution or a child, and with it its children; nothing happens to one that has ended."""

    def get_children(self) -> list[Execution]:
        """Handles of the executions that this one started, oldest first."""

    def using(self, wrapper_name: str, **wrapper_inputs: Any) -> Using:
        """Something with the same ``flow``, ``connect`` and ``script``, each of them through a wrapper: ``retry``, ``cache``, ``notify``,
        ``validate`` and ``interactive`` come with the server. Chainable; the first one is outermost.

        >>> this.using('retry', max_tries=5).using('cache', max_age_minutes=60).connect('exchange rates')
        """

    def wrapped(
        self, *, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, name: str | None = None,
        location: str | None = None, **kw: Any,
    ) -> Execution:
        """In a wrapper's flow: starts what the wrapper is around as a child, and waits as ``flow`` does. Returns its handle.

        ``inputs`` and loose keywords are laid over what its caller gave. ``location``: ``'wrapper_execution'``, ``'wrapped_resource'``
        (the default) or the name of a project, where the child's execution goes. May be called more than once.
        """

    def end_as(self, execution: Execution) -> NoReturn:
        """Ends this execution as another one has ended: with its output, its status, its message and, for a child, its answer to a webhook.

        >>> return this.end_as(this.wrapped(wait=system.return_when.ALL_ENDED))
        """

    def message(
        self,
        subject: str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        wait: bool | ReturnWhen | None = True,
        timeout: float | None = None,
        *,
        message_type: Literal['POPUP'] | None = None,
        **columns: Any,
    ) -> Message:
        """Asks people: a message attached to this execution. Waits for the answer unless ``wait=False``, and returns its handle.

        ``message`` is Markdown. ``body`` is a form: a JSON Schema of an object whose properties may say ``element``, ``label``,
        ``order``, ``default``, ``example`` and ``format``; the answer must keep it. ``request`` asks for one line of text
        instead, which is answered under the key ``string``. With neither there is a button ``OK``.
        A wait costs no process, and goes on after a restart of the server. ``timeout`` is in seconds; None waits without end.
        Raises ``MessageResponseTimeoutError`` (the message can still be answered) and ``InvalidInputError`` for a bad form.

        >>> form = {'type': 'object', 'properties': {'amount': {'type': 'number', 'label': 'How much?'}}, 'required': ['amount']}
        >>> this.message('Approve the order', body=form).get('response')
        {'amount': 12.5}
        >>> this.message('Who are you?', request='Your name').get('response')['string']
        'Ada'
        """

    async def message_async(
        self,
        subject: str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        wait: bool | ReturnWhen | None = True,
        timeout: float | None = None,
        *,
        message_type: Literal['POPUP'] | None = None,
        **columns: Any,
    ) -> Message:
        """``message`` for ``async def`` handlers: other tasks go on while it waits."""

    def get_messages(self) -> list[Message]:
        """Handles of the messages attached to this execution, oldest first, answered or not."""

    def save_dump(self, name: str) -> int:
        """Makes a savepoint that `load_dump` goes back to, in place of an earlier one of that name.

        Returns how often the execution has come back to it: 0 when it is made. Not inside a step, and not while other tasks
        of an async handler await calls.
        """

    def load_dump(self, name: str, by: Literal['name', 'id'] = 'name') -> NoReturn:
        """Goes back to a savepoint: the execution goes on after its `save_dump`, in a new epoch.

        Variables, outputs and held locks are as they were there; settings, files and everything outside stay as they are.
        Children started since are cancelled. No `finally` and no `except` of what is left runs. Raises ResourceNotFoundError if
        there is no such savepoint, and InvalidInputError if a replay could not bring the execution back to it.

            if this.save_dump('before') < 3 and not system.setting('ready').get('value'):
                this.sleep(60)
                this.load_dump('before')
        """

    def webhook_response(self, body: Any = None, status: int = 200, headers: dict[str, str] | None = None) -> NoReturn:
        """Ends the execution with success; whoever called its webhook gets this answer.

        `body` is a text, bytes, or any JSON value; None sends none. `status` is 200 to 599. `headers` may say
        another `content-type` than the one that goes with the body. Never returns. In an execution that no webhook
        started, it only ends it. Raises InvalidInputError for what is no answer.

        >>> return this.webhook_response({'accepted': True}, status=202)
        """

    def webhook_html_response(self, html: str, status: int = 200, headers: dict[str, str] | None = None) -> NoReturn:
        """Ends the execution with success; whoever called its webhook gets this page.

        Browsers show it apart from the server it comes from: its scripts cannot act with anybody's login. Never returns.

        >>> return this.webhook_html_response('<h1>Thank you</h1>')
        """

class _Connection[_Output](Execution):
    """A connection: an execution that the server carries out."""

    def get_outputs(self) -> _Output:  # type: ignore[override]
        """The output of this connection.

        >>> this.connect(connector_type='REST', url='https://example.org').get_outputs()['status_code']
        """
