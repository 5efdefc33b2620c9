"""The inputs of flows, by name, for annotations: `def handler(system, this, inputs: flow_api.inputs.ImportOrders)`.

`flowstead setup-editor` with the address of a server puts a TypedDict here for each flow with an `input_schema`: `ImportOrders` is what
the handler of "import orders" gets, `ImportOrdersGiven` what its caller gives, where defaults may be left out. Without it any name
goes. When flows run, each name is `dict`.
"""

from typing import Any

__all__: list[str] = []

def __getattr__(name: str) -> Any: ...
