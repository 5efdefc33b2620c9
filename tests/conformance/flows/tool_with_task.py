FORM = {'type': 'object', 'required': ['name'], 'properties': {'name': {'type': 'string'}}}


def handler(system, this, inputs):
    # Asked before it is a task, so that the call itself asks.
    name = this.message('What is your name?', name='user_name', body=FORM).get('response')['name']
    this.sleep(3)
    return f'Hello, {name}! That took a while.'
