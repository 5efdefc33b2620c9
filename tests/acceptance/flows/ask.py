FORM = {'type': 'object', 'required': ['name'], 'properties': {'name': {'type': 'string', 'minLength': 2, 'label': 'Your name'}}}


def handler(system, this, inputs):
    asked = this.message('Who is there?', name='who', body=FORM)
    return {'text': f"Hello {asked.get('response')['name']}"}
