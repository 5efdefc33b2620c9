"""Everything that flow_api raises."""

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
    """The base of what a call of flow_api raises when it fails."""

    field = None
    details = None


CloudomationException = EngineException


class InternalError(EngineException):
    """A fault of the engine, or a call where none is possible."""


class PermissionDenied(EngineException):
    """The execution may see the record but not do this to it."""


class ResourceNotFoundError(EngineException):
    """The record does not exist, or the execution may not see it."""


class DependencyFailedError(EngineException):
    """A child that was waited for did not succeed; ``executions`` are the failed ones."""

    executions = ()


class TimeoutExceededError(EngineException):
    """Something took longer than it was given."""


class LockTimeoutError(TimeoutExceededError):
    """A lock was not free in time."""


class DependencyTimeoutError(TimeoutExceededError):
    """A child did not end in time; it goes on."""


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
    """Ends the execution. Not an Exception, so that ``except Exception`` lets it pass."""


class ExecutionSuccess(LifecycleSignal):
    """Raised by ``this.success()``."""


class ExecutionError(LifecycleSignal):
    """Raised by ``this.error()``."""


class ExecutionCancel(LifecycleSignal):
    """Raised where the flow is when the execution is cancelled."""


class _Restart(LifecycleSignal):
    """Raised by ``this.restart()``."""


class _Diverged(LifecycleSignal):
    """The replay went another way than was recorded."""


for _class in list(globals().values()):
    if isinstance(_class, type) and issubclass(_class, BaseException):
        _class.__module__ = 'flow_api.exceptions' if _class.__name__.startswith('_') else 'flow_api'
del _class
