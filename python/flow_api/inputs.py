"""The inputs of flows, by name, for annotations: `def handler(system, this, inputs: flow_api.inputs.ImportOrders)`.

Editors know each as a TypedDict, from the typings that `flowstead setup-editor` brings. Here each is `dict`, which is what inputs are.
"""

__all__ = []


def __getattr__(name):
    if name.startswith('_'):
        raise AttributeError(f"module 'flow_api.inputs' has no attribute {name!r}")
    return dict
