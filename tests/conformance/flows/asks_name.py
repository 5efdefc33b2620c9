FORM = {'type': 'object', 'required': ['name'], 'properties': {'name': {'type': 'string'}}}


def handler(system, this, inputs):
    asked = this.message('What is your name?', name='user_name', body=FORM)
    return f"Hello, {asked.get('response')['name']}!"
