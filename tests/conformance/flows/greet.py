def handler(system, this, inputs):
    return f"Hello, {inputs.get('name')}!"
