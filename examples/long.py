"""Books orders one by one with a rest in between: long enough to kill the server meanwhile and see the run go on."""

import os

import flow_api


def book(order: int, idempotency_key: str) -> dict:
    """Stands for a call to another system, which takes one booking for each key."""
    return {"order": order, "key": idempotency_key[:8], "process": os.getpid()}


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    orders = inputs["orders"]
    booked_by: dict[str, int] = {}
    for order in range(1, orders + 1):
        # Recorded: a replay gets this receipt back, with the number of the process that booked it.
        receipt = this.step(f"book {order}", book, order)
        process = str(receipt["process"])
        booked_by[process] = booked_by.get(process, 0) + 1
        this.log(f"booked {order} of {orders}", process=process)
        this.sleep(inputs["seconds"])
    return {"booked": orders, "booked_by": booked_by}
