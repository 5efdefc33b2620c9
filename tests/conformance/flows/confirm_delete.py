FORM = {'type': 'object', 'required': ['confirm'], 'properties': {'confirm': {'type': 'boolean', 'label': 'Delete it?'}}}


def handler(system, this, inputs):
    name = inputs.get('filename')
    # Long enough to be a task by now, which asks itself.
    this.sleep(2)
    asked = this.message(f'Delete {name}?', name='confirm', body=FORM)
    return f"{'Deleted' if asked.get('response')['confirm'] else 'Kept'} {name}"
