"""Wrappers: children through a flow that runs in their place, and what that flow does."""

from .exceptions import InvalidInputError

# What a child is asked for with, beside its inputs.
_OPTIONS = ('name', 'max_runtime_minutes', 'priority', 'connector_type', 'script')
_LOCATIONS = {'wrapper_execution': 'created_by', 'wrapped_resource': None}


class Using:
    """Starts children through wrappers; made by ``this.using``."""

    __slots__ = ('_execution', '_around')

    def __init__(self, execution, around=()):
        self._execution = execution
        self._around = around

    def using(self, wrapper_name, **wrapper_inputs):
        """The same through one more wrapper, within the ones before."""
        if not isinstance(wrapper_name, str) or not wrapper_name.strip():
            raise InvalidInputError('using() takes the name or the id of a wrapper.')
        around = {'wrapper': wrapper_name.strip(), 'inputs': wrapper_inputs}
        return Using(self._execution, (*self._around, around))

    def flow(self, name_or_id, **options):
        """``this.flow`` through the wrappers. Returns the handle of the outermost one's execution, with the output of what it is around."""
        return _Through(self).flow(name_or_id, **options)

    def connect(self, connector_name=None, **options):
        """``this.connect`` through the wrappers."""
        return _Through(self).connect(connector_name, **options)

    def script(self, source, **options):
        """``this.script`` through the wrappers."""
        return _Through(self).script(source, **options)

    async def flow_async(self, name_or_id, **options):
        """``flow`` for ``async def`` handlers: other tasks go on while it waits."""
        return await _Through(self).flow_async(name_or_id, **options)

    async def connect_async(self, connector_name=None, **options):
        """``connect`` for ``async def`` handlers: other tasks go on while it waits."""
        return await _Through(self).connect_async(connector_name, **options)

    async def script_async(self, source, **options):
        """``script`` for ``async def`` handlers: other tasks go on while it waits."""
        return await _Through(self).script_async(source, **options)


Using.__module__ = 'flow_api'


class _Through:
    """An execution's own methods, whose children go through wrappers."""

    def __init__(self, using):
        self._using = using

    def __getattr__(self, name):
        from ._execution import Execution

        return getattr(Execution, name).__get__(self)

    def _child(self, kind, target, options, inputs, wait, run):
        return self._using._execution._child(kind, target, self._with(options), inputs, wait, run)

    async def _child_async(self, kind, target, options, inputs, wait, run):
        return await self._using._execution._child_async(kind, target, self._with(options), inputs, wait, run)

    def _with(self, options):
        return {**options, 'extra': {**options.get('extra', {}), 'using': list(self._using._around)}}


def wrapped(execution, inputs, name, location):
    """Target, options and inputs of what a wrapper's flow is around."""
    given = execution.get('input_value')
    inner = given.get('wrapped') if isinstance(given, dict) else None
    if not isinstance(inner, dict) or 'kind' not in inner:
        raise InvalidInputError('wrapped() belongs into the flow of a wrapper; this execution is around nothing.')
    options = {key: inner[key] for key in _OPTIONS if inner.get(key) is not None}
    if name is not None:
        options['name'] = name
    extra = {'using': inner.get('using', []), 'unwrapped': True}
    if inner.get('protect_outputs'):
        extra['init'] = {'protect_outputs': inner['protect_outputs']}
    elif inner.get('init'):
        extra['init'] = inner['init']
    if location in _LOCATIONS:
        options['location_inheritance'] = _LOCATIONS[location]
    elif location is None:
        options['location_inheritance'] = 'resource' if inner['kind'] == 'FLOW' else None
    else:
        extra['project_name'] = location
    options.update(kind=inner['kind'], extra=extra)
    return inner.get('target', ''), options, {**(inner.get('input_value') or {}), **inputs}


def ended_as(this, execution):
    """Ends ``this`` as ``execution`` has ended."""
    output, status, message = execution.get('output_value', 'status', 'status_message')
    if not str(status).startswith('ENDED_'):
        raise InvalidInputError(f'end_as() takes an execution that has ended; this one is {status}.')
    if output is not None:
        this.set_output(output)
    if status == 'ENDED_SUCCESS':
        # Who called a webhook gets the answer of what it is around.
        return this._respond({'kind': 'execution', 'id': execution.get('id')}, message)
    return this.error(message if status == 'ENDED_ERROR' else f'What it is around was cancelled: {message}')
