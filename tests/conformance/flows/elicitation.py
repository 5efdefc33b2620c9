FORM = {
    'type': 'object',
    'required': ['username', 'email'],
    'properties': {
        'username': {'type': 'string', 'description': "User's response"},
        'email': {'type': 'string', 'description': "User's email address"},
    },
}


def handler(system, this, inputs):
    asked = this.message(inputs['message'], body=FORM)
    return f"User response: action=accept, content={asked.get('response')}"
