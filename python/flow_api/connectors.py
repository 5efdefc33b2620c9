"""The inputs and outputs of connections, by type, for annotations: `def ask(inputs: flow_api.connectors.RestInputs)`.

Editors know each as a TypedDict. Here each is `dict`, which is what inputs and outputs are.
"""

__all__ = []


def __getattr__(name):
    if name.startswith('_'):
        raise AttributeError(f"module 'flow_api.connectors' has no attribute {name!r}")
    return dict
