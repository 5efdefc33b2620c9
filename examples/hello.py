"""Greets someone: the smallest flow with an input schema."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    # The input schema has been checked and its defaults are filled in: both keys are there.
    greeting = f"{inputs['greeting']}, {inputs['name']}!"
    this.log(greeting, name=inputs["name"])
    this.set_output("greeting", greeting)
    return this.success("greeted")
