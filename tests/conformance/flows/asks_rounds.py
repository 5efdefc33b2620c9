def form(name):
    return {'type': 'object', 'required': [name], 'properties': {name: {'type': 'string'}}}


def handler(system, this, inputs):
    name = this.message('Step 1: What is your name?', name='step1', body=form('name')).get('response')['name']
    color = this.message('Step 2: What is your favorite color?', name='step2', body=form('color')).get('response')['color']
    return f'{name} likes {color}'
