"""Messages: questions to people, and waiting for what they answer."""

import _flow_api

from ._record import Record
from .exceptions import InvalidInputError

__all__ = ['Message', 'columns_of']


class Message(Record):
    """A question to people, as a text or a form, and their answer."""

    __slots__ = ()
    _type = 'message'

    def wait(self, timeout=None):
        """Waits until somebody has answered, at most ``timeout`` seconds. Returns the handle."""
        _flow_api._ask('message_wait', self._existing_id(), _wait_args(timeout))
        return self

    async def wait_async(self, timeout=None):
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile."""
        from ._loop import ask

        await ask('message_wait', self._existing_id(), _wait_args(timeout))
        return self

    def get_link(self, valid_seconds=None):
        """The address of a page on which whoever has it can answer, once, without a login."""
        args = {} if valid_seconds is None else {'seconds': valid_seconds}
        return _flow_api._ask('message_link', self._existing_id(), args)

    def _existing_id(self):
        if self._id is None:
            raise InvalidInputError('This message has not been sent yet; save() sends it.')
        return self._id


def _wait_args(timeout):
    return {} if timeout is None else {'timeout': timeout}


def columns_of(subject, message, request, body, message_type, more):
    """The columns that a question is saved with."""
    named = {'subject': subject, 'message': message, 'request': request, 'body': body, 'message_type': message_type}
    return {**more, **{name: value for name, value in named.items() if value is not None}}
