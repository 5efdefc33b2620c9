"""Starts many children side by side, waits for all, and adds up what they found."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    count = inputs["children"]
    children = [
        this.flow("square", name=f"square {number}", number=number, wait=False)
        for number in range(1, count + 1)
    ]
    this.log("children started", count=len(children))

    # While it waits, this execution holds no CPU; it would survive a restart of the server here.
    this.wait_for(*children, return_when=system.return_when.ALL_SUCCEEDED)

    squares = [child.get_outputs()["square"] for child in children]
    this.set_output({"children": count, "sum_of_squares": sum(squares)})
    return this.success(f"{count} children answered")
