"""Ends itself with an error."""


def handler(system, this, inputs):
    this.error('the child gave up', hint='ask again')
