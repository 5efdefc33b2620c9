"""Asks a person what to do when what it is around fails: try it again, go on without it, or fail."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    minutes = float(inputs.get('interactive_limit_minutes', 30))
    while True:
        child = this.wrapped(wait=system.return_when.ALL_ENDED, location=inputs.get('child_execution_location'))
        if child.get('status') != 'ENDED_ERROR':
            return this.end_as(child)
        name, text = child.get('name', 'status_message')
        told = {'name': name, 'status_message': text or '', 'context': inputs.get('context', '')}
        asked = this.message(
            subject=fill(inputs.get('subject', '{{name}} has failed'), told)[:128],
            message=fill(inputs.get('body', '{{context}}\n\n**{{name}}** has failed:\n\n```\n{{status_message}}\n```'), told),
            body={
                'type': 'object',
                'properties': {
                    'decision': {
                        'type': 'string',
                        'label': 'What is to be done?',
                        'enum': ['retry', 'continue', 'fail'],
                        'default': 'retry',
                        'order': 1,
                    },
                },
                'required': ['decision'],
            },
            wait=False,
        )
        try:
            asked.wait(timeout=minutes * 60)
        except flow_api.MessageResponseTimeoutError:
            this.log(f'nobody answered within {minutes:g} minutes')
            return this.end_as(child)
        decision = asked.get('response')['decision']
        if decision == 'fail':
            return this.end_as(child)
        if decision == 'continue':
            return this.success(f'{name} has failed, and somebody decided to go on without it.')


def fill(template, values):
    for key, value in values.items():
        template = template.replace('{{' + key + '}}', str(value))
    return template
