"""Squares a number: the child that `fan_out` starts twenty times."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    # A handler that returns a dict succeeds with it as its output.
    return {"number": inputs["number"], "square": inputs["number"] ** 2}
