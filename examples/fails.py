"""Fails in three ways, each of which says what to do about it."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    try:
        if inputs["how"] == "exception":
            # Uncaught: the traceback, with the lines of this file only, becomes the status message.
            return {"rate": 100 / inputs["divisor"]}

        if inputs["how"] == "child":
            # A waited-for child that fails raises here, with the child's own last line in the message.
            try:
                this.flow("fails", how="error", name="fails on purpose")
            except flow_api.DependencyFailedError as failure:
                this.log("the child failed as asked", reason=str(failure), level="warning")
                raise

        # A failure the author foresaw: a message for people, a hint for whoever acts on it next.
        return this.error(
            "the order has no positions",
            hint="start it again with at least one position, or with how = 'exception' or 'child'",
            data={"order": 4711, "positions": []},
        )
    finally:
        # Runs in every case, also when the execution is cancelled.
        this.log("cleaned up")
