"""MESSAGE: A question to people, as a text or a form, and their answer. An execution can wait for it."""

from typing import Any, Literal, Self, TypedDict, overload

from .bundle import Bundle
from .execution import Execution
from .organization import Organization
from .project import Project
from .record import Record
from .schema import Schema
from .workspace import Workspace

__all__ = ['Message']

_LocationInheritance = Literal['created_by', 'default', 'wrapped_resource', 'resource']
_MessageType = Literal['POPUP']
_SubmittedVia = Literal['rest', 'mcp', 'dialog', 'page', 'link']
_StrField = Literal['id', 'name', 'created_at', 'modified_at', 'record_type']
_IntField = Literal['version']
_OptionalStrField = Literal[
    'description', 'project_id', 'bundle_id', 'created_by', 'modified_by', 'workspace_id', 'organization_id', 'subject',
    'message', 'request', 'execution_id', 'submitted_by', 'submitted_at',
]
_OptionalSchemaField = Literal['body']
_OptionalMessageTypeField = Literal['message_type']
_BoolField = Literal['needs_login', 'is_submitted']
_JsonField = Literal['response']
_OptionalSubmittedViaField = Literal['submitted_via']
_Field = (
    _StrField
    | _IntField
    | _OptionalStrField
    | _OptionalSchemaField
    | _OptionalMessageTypeField
    | _BoolField
    | _JsonField
    | _OptionalSubmittedViaField
)

class _Row(TypedDict):
    """Every readable field of a MESSAGE."""

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
    subject: str | None
    """What it is about, in one line."""
    message: str | None
    """The text, as Markdown."""
    body: dict[str, Any] | bool | None
    """The form: a JSON Schema (2020-12) of an object, which the answer must keep."""
    request: str | None
    """In place of a form: what the one line of text is called that is asked for. The answer has it as `string`."""
    message_type: _MessageType | None
    """`POPUP` opens in the reader's face; null waits in the list of messages."""
    needs_login: bool
    """Whether only somebody who has logged in may answer: no API key, no agent, no link. Default false. Fixed once
    created.
    """
    execution_id: str | None
    """The execution that asks. Fixed once created."""
    response: Any
    """The answer; null before there is one."""
    is_submitted: bool
    """Whether it was answered."""
    submitted_by: str | None
    """Who answered it; null where that is not known, as with a link."""
    submitted_via: _SubmittedVia | None
    """How the answer came in: over REST, from an agent, in a dialog that an agent's program showed, by the page of the
    form, or by its link.
    """
    submitted_at: str | None
    """When it was answered."""

class Message(Record):
    """A question to people, as a text or a form, and their answer. An execution can wait for it.

    An activity: its name need not be unique. `system.message` makes a handle by its id.

    >>> system.message(some_id).get('subject')
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
    def get(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalMessageTypeField, /) -> _MessageType | None:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _BoolField, /) -> bool:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _JsonField, /) -> Any:
        """The value of one field, or a tuple of several in the order asked for, read afresh."""
    @overload
    def get(self, field: _OptionalSubmittedViaField, /) -> _SubmittedVia | None:
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
    def load(self, field: _OptionalSchemaField, /) -> dict[str, Any] | bool | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalMessageTypeField, /) -> _MessageType | None:
        """The older name of `get`."""
    @overload
    def load(self, field: _BoolField, /) -> bool:
        """The older name of `get`."""
    @overload
    def load(self, field: _JsonField, /) -> Any:
        """The older name of `get`."""
    @overload
    def load(self, field: _OptionalSubmittedViaField, /) -> _SubmittedVia | None:
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
        subject: str | None = ...,
        message: str | None = ...,
        body: dict[str, Any] | bool | None = ...,
        request: str | None = ...,
        message_type: _MessageType | None = ...,
        needs_login: bool = ...,
        execution_id: str | None = ...,
    ) -> Self:
        """Creates the record if there is none, else overwrites these columns. Returns the handle.

        Fixed once created: `needs_login`, `execution_id`.

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

    def execution(self) -> Execution | None:
        """A handle of the EXECUTION in `execution_id`, or None."""

    def wait(self, timeout: float | None = None) -> Self:
        """Waits until somebody has answered, and returns the handle; ``get('response')`` has the answer.

        ``timeout`` is in seconds; None, the default, waits without end. Raises ``MessageResponseTimeoutError``, after which the
        message can still be answered and waited for, and ``ResourceNotFoundError`` once it is deleted.

        >>> asked = system.message('Disk almost full', request='What shall go?')
        >>> asked.wait(timeout=3600).get('response')['string']
        'the logs'
        """

    async def wait_async(self, timeout: float | None = None) -> Self:
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile."""

    def get_link(self, valid_seconds: float | None = None) -> str:
        """The address of a page on which whoever has it can answer, once, without a login: for an e-mail, say.

        It is good for ``valid_seconds``, a week unless given, and ends with the answer. Needs UPDATE on the message, as
        answering does. Raises ``PermissionDenied`` and ``InvalidInputError``.

        >>> asked = this.message('Approve?', wait=False)
        >>> link = asked.get_link(valid_seconds=3600)
        """
