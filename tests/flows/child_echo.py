"""Gives back what it got."""


def handler(system, this, inputs):
    return {'echo': inputs}
