"""Starts itself again."""


def handler(system, this, inputs):
    this.flow('child_recursive')
