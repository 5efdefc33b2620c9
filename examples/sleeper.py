"""Sleeps in short stretches: kill the server meanwhile, start it again, and it still wakes on time."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    naps = inputs["naps"]
    for nap in range(1, naps + 1):
        this.set_progress(nap - 1, total=naps, message=f"nap {nap} of {naps}")
        # A timer on disk: due at a fixed moment, whatever happens to the processes until then.
        this.sleep(inputs["seconds"])
        this.log("woke up", nap=nap)
    this.set_progress(naps, total=naps, message="rested")
    return this.success(f"slept {naps} times")
