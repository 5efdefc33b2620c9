"""What flows import: System, Execution, a class per record type, the exceptions.

>>> import flow_api
>>>
>>> def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
>>>     this.log('hello', name=inputs['name'])
>>>     return this.success('done')
"""

from typing import Final, final

from . import connectors as connectors
from . import content as content
from . import exceptions as exceptions
from . import inputs as inputs
from .exceptions import (
    CloudomationException as CloudomationException,
    DependencyFailedError as DependencyFailedError,
    DependencyTimeoutError as DependencyTimeoutError,
    EngineException as EngineException,
    ExecutionCancel as ExecutionCancel,
    ExecutionError as ExecutionError,
    ExecutionSuccess as ExecutionSuccess,
    ExtraInputError as ExtraInputError,
    InternalError as InternalError,
    InvalidInputError as InvalidInputError,
    LifecycleSignal as LifecycleSignal,
    LockTimeoutError as LockTimeoutError,
    MessageResponseTimeoutError as MessageResponseTimeoutError,
    MissingInputError as MissingInputError,
    PermissionDenied as PermissionDenied,
    ResourceNotFoundError as ResourceNotFoundError,
    SchemaValidationError as SchemaValidationError,
    TimeoutExceededError as TimeoutExceededError,
)
from .api_key import ApiKey as ApiKey
from .audit import Audit as Audit
from .bundle import Bundle as Bundle
from .bundle_repository import BundleRepository as BundleRepository
from .connector import Connector as Connector
from .custom_object import CustomObject as CustomObject
from .devolutions_config import DevolutionsConfig as DevolutionsConfig
from .execution import Execution as Execution
from .execution_log import ExecutionLog as ExecutionLog
from .execution_step import ExecutionStep as ExecutionStep
from .file import File as File
from .flow import Flow as Flow
from .identity_role import IdentityRole as IdentityRole
from .ldap_config import LdapConfig as LdapConfig
from .mcp_user_tool import McpUserTool as McpUserTool
from .message import Message as Message
from .oauth import Oauth as Oauth
from .object_template import ObjectTemplate as ObjectTemplate
from .object_template_attribute import ObjectTemplateAttribute as ObjectTemplateAttribute
from .organization import Organization as Organization
from .plugin import Plugin as Plugin
from .plugin_action import PluginAction as PluginAction
from .process import Process as Process
from .project import Project as Project
from .record import Record as Record
from .record_metadata import RecordMetadata as RecordMetadata
from .record_tag import RecordTag as RecordTag
from .record_version import RecordVersion as RecordVersion
from .resource_wrapper import ResourceWrapper as ResourceWrapper
from .return_when import ReturnWhen as ReturnWhen
from .role import Role as Role
from .role_permission import RolePermission as RolePermission
from .savepoint import Savepoint as Savepoint
from .schedule import Schedule as Schedule
from .scheduler import Scheduler as Scheduler
from .schema import Schema as Schema
from .secret import Secret as Secret
from .setting import Setting as Setting
from .sync_config import SyncConfig as SyncConfig
from .system import System as System
from .tag import Tag as Tag
from .user import User as User
from .using import Using as Using
from .vault_config import VaultConfig as VaultConfig
from .webhook import Webhook as Webhook
from .workspace import Workspace as Workspace
from .wrapper import Wrapper as Wrapper

__all__ = [
    'ApiKey', 'Audit', 'Bundle', 'BundleRepository', 'CloudomationException', 'Connector', 'CustomObject',
    'DependencyFailedError', 'DependencyTimeoutError', 'DevolutionsConfig', 'EngineException', 'Execution',
    'ExecutionCancel', 'ExecutionError', 'ExecutionLog', 'ExecutionStep', 'ExecutionSuccess', 'ExtraInputError', 'File',
    'Flow', 'IdentityRole', 'InternalError', 'InvalidInputError', 'LdapConfig', 'LifecycleSignal', 'LockTimeoutError',
    'McpUserTool', 'Message', 'MessageResponseTimeoutError', 'MissingInputError', 'NotSet', 'Oauth', 'ObjectTemplate',
    'ObjectTemplateAttribute', 'Organization', 'PermissionDenied', 'Plugin', 'PluginAction', 'Process', 'Project',
    'Record', 'RecordMetadata', 'RecordTag', 'RecordVersion', 'ResourceNotFoundError', 'ResourceWrapper', 'ReturnWhen',
    'Role', 'RolePermission', 'Savepoint', 'Schedule', 'Scheduler', 'Schema', 'SchemaValidationError', 'Secret',
    'Setting', 'SyncConfig', 'System', 'Tag', 'TimeoutExceededError', 'User', 'Using', 'VaultConfig', 'Webhook',
    'Workspace', 'Wrapper', 'connectors', 'content', 'exceptions', 'inputs',
]

@final
class _NotSetType:
    def __bool__(self) -> bool: ...

NotSet: Final[_NotSetType]
"""The value of what was not given, where None is a value."""
