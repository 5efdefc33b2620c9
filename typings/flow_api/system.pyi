"""System: an accessor and a listing for every record type."""

from collections.abc import Iterator
from typing import Any, Literal
from uuid import UUID

import _flow_api

from .api_key import ApiKey
from .audit import Audit
from .bundle import Bundle
from .bundle_repository import BundleRepository
from .connector import Connector
from .custom_object import CustomObject
from .devolutions_config import DevolutionsConfig
from .execution import Execution
from .execution_log import ExecutionLog
from .execution_step import ExecutionStep
from .file import File
from .flow import Flow
from .identity_role import IdentityRole
from .ldap_config import LdapConfig
from .mcp_user_tool import McpUserTool
from .message import Message
from .oauth import Oauth
from .object_template import ObjectTemplate
from .object_template_attribute import ObjectTemplateAttribute
from .organization import Organization
from .plugin import Plugin
from .plugin_action import PluginAction
from .process import Process
from .project import Project
from .record_metadata import RecordMetadata
from .record_tag import RecordTag
from .record_version import RecordVersion
from .resource_wrapper import ResourceWrapper
from .return_when import ReturnWhen
from .role import Role
from .role_permission import RolePermission
from .savepoint import Savepoint
from .schedule import Schedule
from .scheduler import Scheduler
from .schema import Schema
from .secret import Secret
from .setting import Setting
from .sync_config import SyncConfig
from .tag import Tag
from .user import User
from .using import Using
from .vault_config import VaultConfig
from .webhook import Webhook
from .workspace import Workspace
from .wrapper import Wrapper

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

    def organization(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Organization:
        """Whom the workspace belongs to: one row, made at the first start, which cannot be created or deleted.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def organizations(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Organization]:
        """Handles of the organizations that a filter chooses, as they are when the iteration starts.

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

    def bundle(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Bundle:
        """Records that are installed, changed and released together. A record is in a project, in a bundle, or in
        neither.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def bundles(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Bundle]:
        """Handles of the bundles that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def bundle_repository(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> BundleRepository:
        """A place that bundles are installed from, and what it takes to read it.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def bundle_repositories(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[BundleRepository]:
        """Handles of the bundle repositories that a filter chooses, as they are when the iteration starts.

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

    def savepoint(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Savepoint:
        """A named moment of an execution, which it can go back to. Made by `this.save_dump`.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def savepoints(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Savepoint]:
        """Handles of the savepoints that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def messages(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Message]:
        """Handles of the messages that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def process(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Process:
        """A process that runs flows. Kept by the server.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def processes(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Process]:
        """Handles of the processes that a filter chooses, as they are when the iteration starts.

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

    def schema(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Schema:
        """A JSON Schema with a name. Schemas of flows and of others refer to it as `{"$ref": "schema:<name>"}`, or to a
        part of it as `schema:<name>#/$defs/<part>`.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def schemas(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Schema]:
        """Handles of the schemas that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def file(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> File:
        """Named bytes. The name may contain slashes and then reads like a path.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def connector(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Connector:
        """The stored part of a connection's input: `this.connect('its name', ...)` begins with its value, and keywords
        override it key by key.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def connectors(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Connector]:
        """Handles of the connectors that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def schedule(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Schedule:
        """Starts a flow at given times, as long as it is enabled.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def schedules(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Schedule]:
        """Handles of the schedules that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def scheduler(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Scheduler:
        """A script that says when a SCHEDULE starts its flow, where cron expressions, intervals and lists of times do
        not do.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def schedulers(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Scheduler]:
        """Handles of the schedulers that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def webhook(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Webhook:
        """An address, `/webhook/<name>/call`, that starts a flow with the request as its input.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def webhooks(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Webhook]:
        """Handles of the webhooks that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
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

    def wrapper(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Wrapper:
        """A flow that runs in the place of what it wraps and runs that as its child. RESOURCE_WRAPPER rows say what it
        is around.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def wrappers(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Wrapper]:
        """Handles of the wrappers that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def resource_wrapper(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ResourceWrapper:
        """Puts a wrapper around a resource: whoever runs the resource runs the wrapper, unless it says `unwrapped`. One
        per resource and wrapper.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def resource_wrappers(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ResourceWrapper]:
        """Handles of the resource wrappers that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def object_template(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ObjectTemplate:
        """A type of objects that users declare: its OBJECT_TEMPLATE_ATTRIBUTE rows are the columns, CUSTOM_OBJECT
        records the rows. The flows named here run when an object is created, changed or deleted.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def object_templates(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ObjectTemplate]:
        """Handles of the object templates that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def object_template_attribute(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> ObjectTemplateAttribute:
        """A column of the objects of a template: its name, its type and what its values must keep.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def object_template_attributes(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[ObjectTemplateAttribute]:
        """Handles of the object template attributes that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def custom_object(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> CustomObject:
        """An object of a type that an OBJECT_TEMPLATE declares.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def custom_objects(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[CustomObject]:
        """Handles of the custom objects that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def plugin(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Plugin:
        """Buttons that the console offers on records of given types. Its PLUGIN_ACTION rows are the buttons; each
        starts a flow.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def plugins(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Plugin]:
        """Handles of the plugins that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def plugin_action(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> PluginAction:
        """One button of a plugin: on which records it is offered, and the flow that it starts.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def plugin_actions(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[PluginAction]:
        """Handles of the plugin actions that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def oauth(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Oauth:
        """What it takes to get OAuth tokens from another system, for connectors and for logins.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def oauths(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Oauth]:
        """Handles of the oauths that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def vault_config(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> VaultConfig:
        """A vault that secrets are fetched from, as `vault.secret(<its name>:<path>.<key>)` in the inputs of
        connectors.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def vault_configs(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[VaultConfig]:
        """Handles of the vault configs that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def ldap_config(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> LdapConfig:
        """A directory that users log in with, and which of its groups have which roles here.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def ldap_configs(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[LdapConfig]:
        """Handles of the ldap configs that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def devolutions_config(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> DevolutionsConfig:
        """A Devolutions Server that secrets are fetched from.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def devolutions_configs(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[DevolutionsConfig]:
        """Handles of the devolutions configs that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def sync_config(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> SyncConfig:
        """A Git repository that the records beside it are kept in step with.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def sync_configs(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[SyncConfig]:
        """Handles of the sync configs that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def tag(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Tag:
        """A label. RECORD_TAG rows put it on records.

        A handle by name or id; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def tags(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Tag]:
        """Handles of the tags that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def record_tag(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> RecordTag:
        """Puts a tag on a record. One per record and tag.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def record_tags(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[RecordTag]:
        """Handles of the record tags that a filter chooses, as they are when the iteration starts.

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

    def record_version(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> RecordVersion:
        """What a resource was like after one of its changes, by whom and why: `created_at` and `created_by` are of the
        change. Kept by the server; sealed columns are left out.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def record_versions(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[RecordVersion]:
        """Handles of the record versions that a filter chooses, as they are when the iteration starts.

        Parameters and errors as `Listing` in the class says.
        """

    def audit(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> Audit:
        """An entry of the audit log: one change, login or refusal. Entries are written with the change that they tell
        of and never changed.

        A handle by id, a UUID; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`.
        """

    def audits(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[Audit]:
        """Handles of the audits that a filter chooses, as they are when the iteration starts.

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

    def message(
        self,
        subject: UUID | str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        message_type: Literal['POPUP'] | None = None,
        *,
        by: Literal['id'] | None = None,
        **columns: Any,
    ) -> Message:
        """Creates a message, does not wait for its answer, and returns its handle. Other columns as keywords.

        With the id of a message as the only argument: a handle of that one.

        >>> system.message('Disk almost full', 'Clean up **/var**, please.', message_type='POPUP')
        """

    connection = connector
    connections = connectors
