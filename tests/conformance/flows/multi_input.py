FORM = {'type': 'object', 'properties': {'name': {'type': 'string'}, 'confirm': {'type': 'boolean'}}}


def handler(system, this, inputs):
    this.sleep(2)
    asked = [this.message(f'Who is the {which}?', name=which, body=FORM, wait=False) for which in ('first', 'second')]
    return ' and '.join(message.wait().get('response').get('name', 'nobody') for message in asked)
