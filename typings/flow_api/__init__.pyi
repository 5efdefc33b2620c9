"""What flows import: System, Execution, a class per record type, the exceptions.

>>> import flow_api
>>>
>>> def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
>>>     this.log('hello', name=inputs['name'])
>>>     return this.success('done')
"""

from typing import Final, final

from . import exceptions as exceptions
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
from .execution import Execution as Execution
from .execution_log import ExecutionLog as ExecutionLog
from .execution_step import ExecutionStep as ExecutionStep
from .file import File as File
from .flow import Flow as Flow
from .identity_role import IdentityRole as IdentityRole
from .mcp_user_tool import McpUserTool as McpUserTool
from .project import Project as Project
from .record import Record as Record
from .record_metadata import RecordMetadata as RecordMetadata
from .return_when import ReturnWhen as ReturnWhen
from .role import Role as Role
from .role_permission import RolePermission as RolePermission
from .secret import Secret as Secret
from .setting import Setting as Setting
from .system import System as System
from .user import User as User
from .workspace import Workspace as Workspace

__all__ = [
    'ApiKey', 'CloudomationException', 'DependencyFailedError', 'DependencyTimeoutError', 'EngineException',
    'Execution', 'ExecutionCancel', 'ExecutionError', 'ExecutionLog', 'ExecutionStep', 'ExecutionSuccess',
    'ExtraInputError', 'File', 'Flow', 'IdentityRole', 'InternalError', 'InvalidInputError', 'LifecycleSignal',
    'LockTimeoutError', 'McpUserTool', 'MessageResponseTimeoutError', 'MissingInputError', 'NotSet', 'PermissionDenied',
    'Project', 'Record', 'RecordMetadata', 'ResourceNotFoundError', 'ReturnWhen', 'Role', 'RolePermission',
    'SchemaValidationError', 'Secret', 'Setting', 'System', 'TimeoutExceededError', 'User', 'Workspace', 'exceptions',
]

@final
class _NotSetType:
    def __bool__(self) -> bool: ...

NotSet: Final[_NotSetType]
"""The value of what was not given, where None is a value."""
