"""System: an accessor and a listing for every record type."""

from collections.abc import Iterator
from typing import Any, Literal, NoReturn
from uuid import UUID

import _flow_api

from .api_key import ApiKey
from .execution import Execution
from .execution_log import ExecutionLog
from .execution_step import ExecutionStep
from .file import File
from .flow import Flow
from .identity_role import IdentityRole
from .mcp_user_tool import McpUserTool
from .project import Project
from .record_metadata import RecordMetadata
from .return_when import ReturnWhen
from .role import Role
from .role_permission import RolePermission
from .secret import Secret
from .setting import Setting
from .user import User
from .workspace import Workspace

__all__ = ['System']

class System(_flow_api.System):
    """What a flow can reach: a handle or a listing per record type, who runs the flow and where.

    Listing: `filter_` is `{'field', 'op', 'value'}`, or `{'and': [...]}`, or `{'or': [...]}`, nested; the ops are eq,
    neq, like, notlike, lt, gt, lte, gte, set, unset, in, notin. `order` is a field with `-` in front for descending, or
    a list of such. `limit` is a number of records; None, the default, means all. `filter` is the older name of
    `filter_`. Unknown fields and ops raise `InvalidInputError` when the iteration starts.

    >>> for flow in system.flows({'field': 'name', 'op': 'like', 'value': 'import%'}, order='-modified_at'):
    ...     this.log(flow.get('name'))
    """

    def workspace(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Workspace:
        """The whole installation: one row with the settings that hold where no project or flow says otherwise. It is
        made at the first start and cannot be created or deleted.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def workspaces(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Workspace]:
        """Handles of the workspaces that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def project(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Project:
        """A place for flows and what belongs to them. Rights are given per project, and the scripts of two projects
        never share an interpreter.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def projects(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Project]:
        """Handles of the projects that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def user(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> User:
        """A person or a machine with a login. The name is the login name; what a user may do comes from its roles.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def users(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[User]:
        """Handles of the users that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def role(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Role:
        """A named set of permissions. Its ROLE_PERMISSION rows say what it allows, IDENTITY_ROLE rows say who has it.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def roles(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Role]:
        """Handles of the roles that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def role_permission(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> RolePermission:
        """One thing a role allows: an operation on a record type in a project. Each of the three may be unset and then
        means any.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def role_permissions(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[RolePermission]:
        """Handles of the role permissions that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def identity_role(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> IdentityRole:
        """Gives a role to an identity. Whoever adds one must hold everything that the role allows.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def identity_roles(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[IdentityRole]:
        """Handles of the identity roles that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def api_key(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ApiKey:
        """A credential for programs that act for a user. The token is shown once, when the key is made; only a hash of
        it is kept.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def api_keys(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ApiKey]:
        """Handles of the api keys that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def flow(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Flow:
        """A Python module with a function `handler(system, this, inputs)`. Each run of it is an EXECUTION.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def flows(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Flow]:
        """Handles of the flows that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def execution(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Execution:
        """One run of a flow, a script or a connector, from its inputs to its end.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def executions(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Execution]:
        """Handles of the executions that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def execution_log(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ExecutionLog:
        """One entry of an execution's log: from `this.log`, `print`, the logging module or a standard stream.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def execution_logs(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ExecutionLog]:
        """Handles of the execution logs that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def execution_step(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ExecutionStep:
        """One recorded flow_api call of an execution: the step view, the event stream, and what a replay reads.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def execution_steps(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ExecutionStep]:
        """Handles of the execution steps that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def setting(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Setting:
        """A named value that flows share, read and written whole. It is a lock too: see `acquire` in flow_api.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def settings(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Setting]:
        """Handles of the settings that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def secret(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Secret:
        """A named value that is kept encrypted and shown by no answer. Connectors use it as `secret(<name>)`, which
        needs READ on it.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def secrets(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Secret]:
        """Handles of the secrets that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def file(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> File:
        """Named bytes. The name may contain slashes and then reads like a path.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def mcp_user_tool(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> McpUserTool:
        """A flow that agents see as a tool over MCP. Its `name` is the tool's name: a letter, then up to 47 letters,
        digits, `_` or `-`, and not the name of a built-in tool. Its `description` tells an agent when to use it; the
        schemas are the flow's.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def mcp_user_tools(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[McpUserTool]:
        """Handles of the mcp user tools that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def record_metadata(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> RecordMetadata:
        """A JSON value noted on a record under a key, beside the record's own columns. One per record and key.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def record_metadatas(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[RecordMetadata]:
        """Handles of the record metadatas that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    return_when = ReturnWhen

    def files(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        dir: str | None = None,
        glob: str | None = None,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[File]:
        """Handles of files; ``dir`` keeps those below a folder, ``glob`` those whose name matches a pattern.

        >>> for file in system.files(dir='reports', glob='*.csv'):
        ...     this.log(file.get('name'))
        """

    def message(self, *args: Any, **kw: Any) -> NoReturn:
        """Arrives with messages and forms."""

    def connection(self, *args: Any, **kw: Any) -> NoReturn:
        """Arrives with connectors."""

    connector = connection
