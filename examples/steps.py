"""A longer flow in steps: what a step returned is recorded, so a replay never does it twice."""

import hashlib
import json

import flow_api


def collect(count: int) -> list[dict]:
    """Stands for a slow query somewhere else."""
    return [{"id": number, "amount": (number * 37) % 101} for number in range(count)]


def book(order: dict, idempotency_key: str) -> str:
    """Stands for a call that must not happen twice: the key is the same at each attempt."""
    return hashlib.sha256(f"{idempotency_key}:{order['id']}".encode()).hexdigest()[:12]


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    # Read from the journal on a replay, so that every attempt sees the same moment and the same run id.
    started_at = this.now()
    run_id = str(this.uuid())
    orders = this.step("collect", collect, inputs["orders"])
    this.log("collected", run_id=run_id, orders=len(orders))

    receipts: dict[str, str] = {}
    for done, order in enumerate(orders):
        receipts[str(order["id"])] = this.step(f"book {order['id']}", book, order)
        this.set_progress(done + 1, total=len(orders), message=f"booked {done + 1} of {len(orders)}")

    # Kept between executions; the lock keeps two runs from counting at once.
    counter = system.setting("example-runs")
    if not counter.exists():
        counter.save(value={"runs": 0})
    with counter:
        runs = counter.get("value")["runs"] + 1
        counter.save(value={"runs": runs})

    report = system.file(f"reports/{run_id}.json")
    report.save_text_content(json.dumps({"started_at": str(started_at), "receipts": receipts}, indent=2))

    this.set_output({
        "run": runs,
        "orders": len(orders),
        "total": sum(order["amount"] for order in orders),
        "report": f"reports/{run_id}.json",
    })
    return this.success("all booked")
