"""Sleeps for an hour unless told otherwise, then says so."""


def handler(system, this, inputs):
    this.sleep(inputs.get('seconds', 3600))
    return {'slept': True}
