"""Everything that flow_api raises."""

from collections.abc import Sequence
from typing import Any

from .execution import Execution

__all__ = [
    'CloudomationException',
    'DependencyFailedError',
    'DependencyTimeoutError',
    'EngineException',
    'ExecutionCancel',
    'ExecutionError',
    'ExecutionSuccess',
    'ExtraInputError',
    'InternalError',
    'InvalidInputError',
    'LifecycleSignal',
    'LockTimeoutError',
    'MessageResponseTimeoutError',
    'MissingInputError',
    'PermissionDenied',
    'ResourceNotFoundError',
    'SchemaValidationError',
    'TimeoutExceededError',
]

class EngineException(Exception):
    """The base of what a call of flow_api raises when it fails.

    >>> try:
    ...     system.setting('rates').get('value')
    ... except flow_api.EngineException as error:
    ...     this.log(str(error), field=error.field)
    """

    field: str | None
    """JSON pointer of the argument or column that is wrong, such as ``/name``; None when it is about no single one."""
    details: Any
    """More about it as a JSON value, such as all breaches of a schema; None when there is no more."""

CloudomationException = EngineException

class InternalError(EngineException):
    """A fault of the engine, or a call where none is possible: outside a handler, or of something that a later version brings."""

class PermissionDenied(EngineException):
    """The execution may see the record but not do this to it."""

class ResourceNotFoundError(EngineException):
    """The record does not exist, or the execution may not see it. The message offers names that are near."""

class DependencyFailedError(EngineException):
    """A child that was waited for did not succeed.

    The message holds the child's name, id, status and the last line of its ``status_message``.

    >>> try:
    ...     this.flow('import')
    ... except flow_api.DependencyFailedError as failure:
    ...     this.log(failure.executions[0].get('status_message'))
    """

    executions: Sequence[Execution]
    """The children that failed."""

class TimeoutExceededError(EngineException):
    """Something took longer than it was given."""

class LockTimeoutError(TimeoutExceededError):
    """A lock was not free in time."""

class DependencyTimeoutError(TimeoutExceededError):
    """A child did not end in time. It goes on."""

class MessageResponseTimeoutError(TimeoutExceededError):
    """A message was not answered in time."""

class MissingInputError(EngineException):
    """A required input is absent."""

class InvalidInputError(EngineException):
    """An input is not what it must be; ``field`` is the JSON pointer of the value."""

class ExtraInputError(EngineException):
    """An input that is not known."""

class SchemaValidationError(EngineException):
    """A value breaks a schema; the message has the JSON pointer and the rule."""

class LifecycleSignal(BaseException):
    """Ends the execution. Not an Exception, so that ``except Exception`` lets it pass; ``finally`` runs."""

class ExecutionSuccess(LifecycleSignal):
    """Raised by ``this.success()``."""

class ExecutionError(LifecycleSignal):
    """Raised by ``this.error()``."""

class ExecutionCancel(LifecycleSignal):
    """Raised where the flow is when the execution is cancelled."""
