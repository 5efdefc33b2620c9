"""What another execution that does the same is made from."""

from .exceptions import InvalidInputError

# Columns that a clone may have others of; all else is an input.
CLONED = ('name', 'input_value', 'priority', 'max_runtime_minutes', 'scheduled_for', 'location_inheritance')
_PROTECTED = '(protected)'


def cloned(execution):
    """Its kind, and what a child of that kind is asked for with."""
    kind, name, flow, connector, connector_type, script, inputs, priority, minutes = execution.get(
        'type', 'name', 'flow_id', 'connector_id', 'connector_type', 'script', 'input_value', 'priority', 'max_runtime_minutes',
    )
    source = {'name': name, 'priority': priority, 'max_runtime_minutes': minutes, 'input_value': inputs, 'target': ''}
    if kind == 'FLOW' and flow:
        source['target'] = flow
    elif kind == 'CONNECTION':
        if any(value == _PROTECTED for value in (inputs or {}).values()):
            raise InvalidInputError('A connection with protected inputs cannot be cloned: nobody can read them. Connect again with them.')
        source.update({'target': connector} if connector else {'connector_type': connector_type})
    elif script:
        source['script'] = script
    else:
        raise InvalidInputError(f'An execution of type {kind} cannot be cloned.')
    return kind, source
