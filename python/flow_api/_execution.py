"""Execution: children and waits, on top of the native core."""

from collections.abc import Mapping as _Mapping

import _flow_api

from ._clone import CLONED, cloned
from ._message import Message, columns_of
from ._record import Record
from ._webhook import html_reply, reply
from ._wrapper import Using, ended_as, wrapped
from .exceptions import InvalidInputError
from .return_when import ReturnWhen

__all__ = ['Execution']

_COLUMNS = ('init', 'roles')


class Execution(_flow_api.Execution, Record):
    """An execution: ``this``, or one that it started."""

    __slots__ = ()
    _type = 'execution'

    def flow(
        self, name_or_id, *, name=None, inputs=None, wait=True, run=True, save=True, init=None, roles=None, orphan=False,
        priority=None, scheduled_for=None, location_inheritance=None, max_runtime_minutes=None, unwrapped=False, **kw,
    ):
        """Starts a flow as a child and, unless told otherwise, waits until it has succeeded. Returns its handle."""
        options = {
            'name': name, 'orphan': orphan, 'priority': priority, 'scheduled_for': _when(scheduled_for),
            'location_inheritance': location_inheritance, 'max_runtime_minutes': max_runtime_minutes,
            'extra': _extra(init=init, roles=roles, unwrapped=unwrapped or None),
        }
        return self._child('FLOW', _target(name_or_id), options, _inputs(inputs, kw), wait, run and save)

    async def flow_async(
        self, name_or_id, *, name=None, inputs=None, wait=True, run=True, save=True, init=None, roles=None, orphan=False,
        priority=None, scheduled_for=None, location_inheritance=None, max_runtime_minutes=None, unwrapped=False, **kw,
    ):
        """``flow`` for ``async def`` handlers: other tasks go on while it waits."""
        options = {
            'name': name, 'orphan': orphan, 'priority': priority, 'scheduled_for': _when(scheduled_for),
            'location_inheritance': location_inheritance, 'max_runtime_minutes': max_runtime_minutes,
            'extra': _extra(init=init, roles=roles, unwrapped=unwrapped or None),
        }
        target = _target(name_or_id)
        return await self._child_async('FLOW', target, options, _inputs(inputs, kw), wait, run and save)

    def script(
        self, source, *, name=None, inputs=None, wait=True, run=True, save=True, init=None, roles=None, orphan=False,
        priority=None, scheduled_for=None, location_inheritance=None, max_runtime_minutes=None, unwrapped=False, **kw,
    ):
        """Starts a script from its source as a child; otherwise like ``flow``."""
        if not isinstance(source, str):
            raise InvalidInputError(f'script() takes source text, not a value of type {type(source).__name__}.')
        options = {
            'script': source, 'name': name, 'orphan': orphan, 'priority': priority, 'scheduled_for': _when(scheduled_for),
            'location_inheritance': location_inheritance, 'max_runtime_minutes': max_runtime_minutes,
            'extra': _extra(init=init, roles=roles, unwrapped=unwrapped or None),
        }
        return self._child('SCRIPT', '', options, _inputs(inputs, kw), wait, run and save)

    async def script_async(
        self, source, *, name=None, inputs=None, wait=True, run=True, save=True, init=None, roles=None, orphan=False,
        priority=None, scheduled_for=None, location_inheritance=None, max_runtime_minutes=None, unwrapped=False, **kw,
    ):
        """``script`` for ``async def`` handlers: other tasks go on while it waits."""
        if not isinstance(source, str):
            raise InvalidInputError(f'script_async() takes source text, not a value of type {type(source).__name__}.')
        options = {
            'script': source, 'name': name, 'orphan': orphan, 'priority': priority, 'scheduled_for': _when(scheduled_for),
            'location_inheritance': location_inheritance, 'max_runtime_minutes': max_runtime_minutes,
            'extra': _extra(init=init, roles=roles, unwrapped=unwrapped or None),
        }
        return await self._child_async('SCRIPT', '', options, _inputs(inputs, kw), wait, run and save)

    def connect(
        self, connector_name=None, *, connector_type=None, name=None, inputs=None, wait=True, run=True, save=True,
        init=None, unwrapped=False, **kw,
    ):
        """Starts a connection as a child: an operation that the server carries out."""
        target, options = _connection(connector_name, connector_type, name, _extra(init=init, unwrapped=unwrapped or None))
        return self._child('CONNECTION', target, options, _inputs(inputs, kw), wait, run and save)

    async def connect_async(
        self, connector_name=None, *, connector_type=None, name=None, inputs=None, wait=True, run=True, save=True,
        init=None, unwrapped=False, **kw,
    ):
        """``connect`` for ``async def`` handlers: other tasks go on while it waits."""
        target, options = _connection(connector_name, connector_type, name, _extra(init=init, unwrapped=unwrapped or None))
        return await self._child_async('CONNECTION', target, options, _inputs(inputs, kw), wait, run and save)

    def task(self, connector_type, **options):
        """The older name of ``connect``; its first argument is a type of connector."""
        return self.connect(connector_type=connector_type, **options)

    def connection(self, connector_name=None, **options):
        """The older name of ``connect``."""
        return self.connect(connector_name, **options)

    def using(self, wrapper_name, **wrapper_inputs):
        """Something with the same ``flow``, ``connect`` and ``script``, each of them through a wrapper. Chainable."""
        return Using(self).using(wrapper_name, **wrapper_inputs)

    def wrapped(self, *, inputs=None, wait=True, name=None, location=None, **kw):
        """In a wrapper's flow: starts what the wrapper is around as a child. Returns its handle."""
        target, options, inputs = wrapped(self, _inputs(inputs, kw), name, location)
        return self._child(options.pop('kind'), target, options, inputs, wait, True)

    def end_as(self, execution):
        """Ends this execution as another has ended: with its output, its status, its message and a child's answer to a webhook."""
        return ended_as(self, execution)

    def clone(self, **overrides):
        """A new child that does the same, not started yet. Keywords are columns of it, or else inputs."""
        kind, source = cloned(self)
        columns = {key: overrides.pop(key) for key in CLONED if key in overrides}
        options = {key: value for key, value in {**source, **columns}.items() if key not in ('target', 'input_value')}
        inputs = {**(columns.get('input_value', source['input_value']) or {}), **overrides}
        return self._child(kind, source['target'], options, inputs, False, False)

    def run(self, timeout=None):
        """Starts a child that was made with ``run=False``, and waits until it has succeeded. Returns it."""
        args = {'ids': [self._existing_id()], 'wait': True}
        if timeout is not None:
            args['timeout'] = timeout
        _flow_api._ask('child_run', '', args)
        return self

    def run_async(self):
        """Starts a child that was made with ``run=False``, without waiting. Returns it."""
        _flow_api._ask('child_run', '', {'ids': [self._existing_id()], 'wait': False})
        return self

    def wait(self, return_when=ReturnWhen.ALL_SUCCEEDED, timeout=None):
        """Waits until this child has ended as asked for. Returns it."""
        _wait([self], return_when, timeout)
        return self

    async def wait_async(self, return_when=ReturnWhen.ALL_SUCCEEDED, timeout=None):
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile."""
        await _wait_async([self], return_when, timeout)
        return self

    def wait_for(self, *executions, return_when=ReturnWhen.ALL_SUCCEEDED, timeout=None):
        """Waits for several executions; returns those that have ended, in the order given."""
        return _wait(_flat(executions), return_when, timeout)

    async def wait_for_async(self, *executions, return_when=ReturnWhen.ALL_SUCCEEDED, timeout=None):
        """``wait_for`` for ``async def`` handlers: other tasks go on meanwhile."""
        return await _wait_async(_flat(executions), return_when, timeout)

    async def sleep_async(self, seconds):
        """``sleep`` for ``async def`` handlers: other tasks go on meanwhile."""
        await _ask('sleep', '', self._sleep_args(seconds))

    async def sleep_until_async(self, unix_timestamp):
        """``sleep_until`` for ``async def`` handlers: other tasks go on meanwhile."""
        await _ask('sleep', '', self._sleep_until_args(unix_timestamp))

    def pause(self):
        """Pauses this execution, or a child, at its next call."""
        _flow_api._ask('pause', self._existing_id(), {})

    def cancel(self):
        """Cancels this execution or a child; nothing happens to one that has ended."""
        _flow_api._ask('cancel', self._existing_id(), {})

    def get_children(self):
        """Handles of the executions that this one started, oldest first."""
        query = {
            'filter_': {'field': 'parent_execution_id', 'op': 'eq', 'value': self._existing_id()},
            # Ids of children derive from their parent's, so they tell nothing about time.
            'order': 'created_at',
            'limit': None,
        }
        found = _flow_api._ask('record_list', 'execution', query)
        return [_flow_api._handle('execution', child['id'], child['name']) for child in found]

    def message(
        self, subject=None, message=None, request=None, body=None, wait=True, timeout=None, *, message_type=None, **columns,
    ):
        """Asks people: a form attached to this execution. Waits for the answer unless told otherwise. Returns the message."""
        asked = self._asked(columns_of(subject, message, request, body, message_type, columns))
        return asked.wait(timeout) if wait else asked

    async def message_async(
        self, subject=None, message=None, request=None, body=None, wait=True, timeout=None, *, message_type=None, **columns,
    ):
        """``message`` for ``async def`` handlers: other tasks go on while it waits."""
        asked = self._asked(columns_of(subject, message, request, body, message_type, columns))
        return await asked.wait_async(timeout) if wait else asked

    def _asked(self, columns):
        return Message().save(**{'execution_id': self._existing_id(), **columns})

    def get_messages(self):
        """Handles of the messages attached to this execution, oldest first."""
        query = {
            'filter_': {'field': 'execution_id', 'op': 'eq', 'value': self._existing_id()},
            'order': 'created_at',
            'limit': None,
        }
        found = _flow_api._ask('record_list', 'message', query)
        return [_flow_api._handle('message', asked['id'], asked['name']) for asked in found]

    def _existing_id(self):
        if self._id is None:
            raise InvalidInputError('This handle points to no execution.')
        return self._id

    def webhook_response(self, body=None, status=200, headers=None):
        """Ends the execution with success; whoever called its webhook gets this answer."""
        return self._respond(reply(body, status, headers))

    def webhook_html_response(self, html, status=200, headers=None):
        """Ends the execution with success; whoever called its webhook gets this page."""
        return self._respond(html_reply(html, status, headers))

    def _child(self, kind, target, options, inputs, wait, run):
        (state,) = _flow_api._ask('child', target, _child_args(kind, options, inputs, wait, run))
        return _flow_api._handle('execution', state['id'], state['name'])

    async def _child_async(self, kind, target, options, inputs, wait, run):
        (state,) = await _ask('child', target, _child_args(kind, options, inputs, wait, run))
        return _flow_api._handle('execution', state['id'], state['name'])


def _ask(op, target, args):
    """An awaited call. The event loop is loaded by handlers that have one."""
    from ._loop import ask

    return ask(op, target, args)


def _child_args(kind, options, inputs, wait, run):
    args = {key: value for key, value in options.items() if value not in (None, {}, False)}
    args['kind'] = kind
    if inputs:
        args['input_value'] = inputs
    args['run'] = bool(run)
    if run:
        waits = _return_when(wait)
        if waits is not None:
            args['wait'] = waits
    return args


Execution.__module__ = 'flow_api'


def _target(name_or_id):
    if isinstance(name_or_id, _flow_api.Record):
        name_or_id = name_or_id._id or name_or_id._name
    if not isinstance(name_or_id, str) or not name_or_id.strip():
        raise InvalidInputError('The first argument is the name or id of what is to run.')
    return name_or_id.strip()


def _connection(connector_name, connector_type, name, extra):
    options = {'connector_type': connector_type, 'name': name, 'extra': extra}
    return '' if connector_name is None else _target(connector_name), options


def _inputs(inputs, loose):
    if inputs is None:
        return loose
    if not isinstance(inputs, _Mapping):
        raise InvalidInputError(f'inputs= takes a dict, not a value of type {type(inputs).__name__}.')
    return {**inputs, **loose}


def _extra(**columns):
    return {key: value for key, value in columns.items() if value is not None}


def _when(scheduled_for):
    if scheduled_for is None or isinstance(scheduled_for, str):
        return scheduled_for
    if hasattr(scheduled_for, 'isoformat'):
        return scheduled_for.isoformat()
    return str(scheduled_for)


def _return_when(wait):
    if wait is True:
        return ReturnWhen.ALL_SUCCEEDED.value
    if wait is False or wait is None:
        return None
    try:
        return ReturnWhen(wait).value
    except ValueError:
        names = ', '.join(member.name for member in ReturnWhen)
        raise InvalidInputError(f'{wait!r} is no way to wait; it is True, False, or one of {names}.') from None


def _flat(executions):
    flat = []
    for execution in executions:
        flat.extend([execution] if isinstance(execution, Execution) else execution)
    return flat


def _wait_args(executions, return_when, timeout):
    ids = []
    for execution in executions:
        if not isinstance(execution, Execution):
            raise InvalidInputError(f'Only executions can be waited for, not a value of type {type(execution).__name__}.')
        ids.append(execution._existing_id())
    args = {'ids': ids, 'return_when': _return_when(return_when) or ReturnWhen.ALL_SUCCEEDED.value}
    if timeout is not None:
        args['timeout'] = timeout
    return args


def _wait(executions, return_when, timeout):
    args = _wait_args(executions, return_when, timeout)
    return _ended(executions, _flow_api._ask('wait', '', args) if executions else [])


async def _wait_async(executions, return_when, timeout):
    args = _wait_args(executions, return_when, timeout)
    return _ended(executions, await _ask('wait', '', args) if executions else [])


def _ended(executions, states):
    ended = {state['id'] for state in states}
    return [execution for execution in executions if execution._id in ended]
