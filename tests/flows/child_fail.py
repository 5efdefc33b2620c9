"""Fails with the text it is given."""


def handler(system, this, inputs):
    raise ValueError(inputs.get('text', 'child broke'))
