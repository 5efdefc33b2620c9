"""What a wait for executions is content with."""

from enum import Enum

__all__ = ['ReturnWhen']


class ReturnWhen(str, Enum):
    """What a wait for executions is content with."""

    ALL_SUCCEEDED = 'ALL_SUCCEEDED'
    ALL_ENDED = 'ALL_ENDED'
    FIRST_ENDED = 'FIRST_ENDED'
    FIRST_SUCCEEDED = 'FIRST_SUCCEEDED'


ReturnWhen.__module__ = 'flow_api'
