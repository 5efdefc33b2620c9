"""What a wait for executions is content with."""

from enum import Enum
from typing import Self

__all__ = ['ReturnWhen']

class ReturnWhen(str, Enum):
    """What a wait for executions is content with; also ``system.return_when``.

    >>> this.wait_for(*children, return_when=system.return_when.FIRST_ENDED)
    """

    ALL_SUCCEEDED = 'ALL_SUCCEEDED'
    """All have succeeded; raises ``DependencyFailedError`` as soon as one has not. The default."""
    ALL_ENDED = 'ALL_ENDED'
    """All have ended, however; never raises for a failure."""
    FIRST_ENDED = 'FIRST_ENDED'
    """One has ended, however."""
    FIRST_SUCCEEDED = 'FIRST_SUCCEEDED'
    """One has succeeded; raises ``DependencyFailedError`` when all have ended and none has."""

    def __new__(cls, value: str) -> Self: ...
