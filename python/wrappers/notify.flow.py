"""Tells people, or a flow, how what it is around has ended."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    child = this.wrapped(wait=system.return_when.ALL_ENDED, location=inputs.get('child_execution_location'))
    status, text, name = child.get('status', 'status_message', 'name')
    told = {'name': name, 'status': status, 'status_message': text or '', 'execution_id': child.get('id')}
    if is_news(system, inputs, status):
        if inputs.get('run_on_state_change'):
            # What becomes of it is not what this is about.
            this.flow(inputs['run_on_state_change'], inputs=told, wait=False, orphan=True)
        else:
            system.message(
                subject=fill(inputs.get('subject', '{{name}}: {{status}}'), told)[:128],
                message=fill(inputs.get('message', '**{{name}}** has ended with {{status}}.\n\n```\n{{status_message}}\n```'), told),
            )
    return this.end_as(child)


def is_news(system, inputs, status):
    """Whether somebody wants to know: of these states, and with a setting only of those that differ from the last."""
    setting = inputs.get('status_setting_name')
    if not setting:
        return status in inputs.get('on', ['ENDED_ERROR', 'ENDED_CANCELLED'])
    kept = system.setting(setting)
    before = kept.get('value') if kept.exists() else None
    if before == status:
        return False
    kept.save(value=status)
    return before is not None or status in inputs.get('on', ['ENDED_ERROR', 'ENDED_CANCELLED'])


def fill(template, values):
    for key, value in values.items():
        template = template.replace('{{' + key + '}}', str(value))
    return template
