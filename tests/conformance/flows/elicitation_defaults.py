FORM = {
    'type': 'object',
    'properties': {
        'name': {'type': 'string', 'default': 'John Doe'},
        'age': {'type': 'integer', 'default': 30},
        'score': {'type': 'number', 'default': 95.5},
        'status': {'type': 'string', 'enum': ['active', 'inactive', 'pending'], 'default': 'active'},
        'verified': {'type': 'boolean', 'default': True},
    },
}


def handler(system, this, inputs):
    asked = this.message('Please check these.', body=FORM)
    return f"Elicitation completed: action=accept, content={asked.get('response')}"
