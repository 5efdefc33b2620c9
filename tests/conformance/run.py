"""Runs the official conformance suite at both revisions against a real server whose fixtures are flows.

The suite cannot send a key, so a loopback proxy adds it. `baseline_<revision>.yml` names what a later feature brings; a
scenario listed there that passes fails the run, as does one that fails and is not listed.

Usage: run.py [--keep FOLDER] [REVISION]; FOLDER gets every check with its details.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "acceptance"))

import product  # noqa: E402
import proxy  # noqa: E402

REVISIONS = ("2025-11-25", "2026-07-28")
SUITE = product.CLIENTS / "node/node_modules/@modelcontextprotocol/conformance/dist/index.js"
LIMIT = 600
# Run beside the scored ones, each of which must pass too; `tasks-status-notifications` checks nothing in this release of the suite.
TASKS = (
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
)
# The resources of the suite's own scheme, and tools that ask for a language model, are no flows: the server has them behind this switch.
SETTINGS = {"FLOWSTEAD_MCP_TEST_RESOURCES": "true"}


def suite(server: product.Product, url: str, revision: str, results: pathlib.Path) -> bool:
    command = ["node", SUITE, "server", "--url", url, "--requirements", revision, "-o", results]
    command += ["--expected-failures", HERE / f"baseline_{revision}.yml"]
    environment = product.client_environment(server)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    if done.returncode != 0:
        print(f"--- revision {revision} ended with {done.returncode}:\n{printed}", file=sys.stderr)
        return False
    summary = printed[printed.rfind("=== SUMMARY") :] if "=== SUMMARY" in printed else printed
    print(f"--- revision {revision}:\n{summary.strip()}")
    return True


def tasks(server: product.Product, url: str, results: pathlib.Path) -> bool:
    """The scenarios of the tasks extension, which is no part of the scored set."""
    failed = []
    for scenario in TASKS:
        command = ["node", SUITE, "server", "--url", url, "--scenario", scenario, "-o", results]
        environment = product.client_environment(server)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
        if done.returncode != 0:
            failed.append(scenario)
            print(f"--- {scenario} ended with {done.returncode}:\n{done.stdout}{done.stderr}", file=sys.stderr)
    print(f"--- tasks: {len(TASKS) - len(failed)} of {len(TASKS)} scenarios passed")
    return not failed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("revision", nargs="?", choices=REVISIONS)
    chosen = parser.parse_args()
    revisions = [chosen.revision] if chosen.revision else list(REVISIONS)
    with tempfile.TemporaryDirectory() as scratch, product.running(SETTINGS) as server:
        server.seed(HERE)
        results = chosen.keep or pathlib.Path(scratch)
        with proxy.running(server.mcp_url, server.key) as url:
            runs = [suite(server, url, revision, results / revision) for revision in revisions]
            if "2026-07-28" in revisions:
                runs.append(tasks(server, url, results / "tasks"))
    print(f"conformance: {sum(runs)} passed, {len(runs) - sum(runs)} failed")
    sys.exit(0 if all(runs) else 1)


if __name__ == "__main__":
    main()
