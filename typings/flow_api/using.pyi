"""What ``this.using`` gives: children that go through wrappers."""

from typing import Any

from .execution import Execution

__all__ = ['Using']

class Using:
    """Starts children through wrappers: flows that run in their place and run them as their own children.

    Each method takes what the same method of ``this`` takes and returns the handle of the outermost wrapper's execution, which has the
    output of what it is around. Raises ``ResourceNotFoundError`` for a wrapper that is not there, with near names, and
    ``SchemaValidationError`` for inputs that it does not take.
    """

    def using(self, wrapper_name: str, **wrapper_inputs: Any) -> Using:
        """The same through one more wrapper, within the ones before."""

    def flow(self, name_or_id: Any, **options: Any) -> Execution:
        """``this.flow`` through the wrappers.

        >>> this.using('retry', max_tries=5).flow('fetch', url='https://example.org').get('output_value')
        """

    def connect(self, connector_name: Any = None, **options: Any) -> Execution:
        """``this.connect`` through the wrappers. Inputs that are protected are refused: the wrapper's would show them.

        >>> this.using('cache', max_age_minutes=60).connect('exchange rates').get('output_value')
        """

    def script(self, source: str, **options: Any) -> Execution:
        """``this.script`` through the wrappers."""

    async def flow_async(self, name_or_id: Any, **options: Any) -> Execution:
        """``flow`` for ``async def`` handlers: other tasks go on while it waits."""

    async def connect_async(self, connector_name: Any = None, **options: Any) -> Execution:
        """``connect`` for ``async def`` handlers: other tasks go on while it waits."""

    async def script_async(self, source: str, **options: Any) -> Execution:
        """``script`` for ``async def`` handlers: other tasks go on while it waits."""
