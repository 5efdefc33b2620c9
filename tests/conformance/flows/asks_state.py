FORM = {'type': 'object', 'required': ['ok'], 'properties': {'ok': {'type': 'boolean'}}}


def handler(system, this, inputs):
    asked = this.message('Please confirm', name='confirm', body=FORM)
    return f"state-ok: {asked.get('response')['ok']}"
