"""Waits for a lock that its parent holds, then leaves a mark."""


def handler(system, this, inputs):
    with system.setting(inputs['gate']):
        system.setting(inputs['mark']).save(value='orphan was here')
