"""Holds what goes into what it is around, and what comes out of it, against JSON Schemas."""

import flow_api

# The server checks the output of an execution; this one gives what it gets.
ECHO = "def handler(system, this, inputs):\n    return inputs['value']\n"


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    check(this, inputs.get('input_schema'), inputs['wrapped'].get('input_value') or {}, 'input')
    child = this.wrapped(wait=system.return_when.ALL_ENDED, location=inputs.get('child_execution_location'))
    if child.get('status') == 'ENDED_SUCCESS':
        check(this, inputs.get('output_schema'), child.get('output_value'), 'output')
    return this.end_as(child)


def check(this, schema, value, what):
    if schema is None:
        return
    if value is None:
        schema, value = {'type': 'object', 'properties': {'value': schema}, 'required': ['value']}, {'value': None}
    checked = this.script(ECHO, name=f'check of the {what}', inputs={'value': value}, init={'output_schema': schema}, wait=False)
    try:
        checked.wait()
    except flow_api.DependencyFailedError:
        this.error(f'The {what} does not keep its schema: {checked.get("status_message")}')
