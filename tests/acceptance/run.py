"""Runs every client of this folder against one real server and prints a table; a name as argument runs that one only.

Each client is a program of its own that ends with 0 when it got what it asked for.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import product

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = product.CLIENTS / "bin" / "python"
CLIENTS = {
    "python_mcp.py": ([PYTHON], "Python mcp"),
    "fastmcp_client.py": ([PYTHON], "fastmcp"),
    "typescript_v1.mjs": (["node"], "TypeScript v1"),
    "typescript_v2.mjs": (["node"], "TypeScript v2"),
    "inspector.py": ([PYTHON], "Inspector CLI"),
}
LIMIT = 180


def run(environment: dict[str, str], file: str, program: list) -> tuple[str, str]:
    """One client: `passed`, or what went wrong with everything it printed."""
    try:
        done = subprocess.run([*program, HERE / file], env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        return f"not done after {LIMIT} s", f"{error.stdout or ''}{error.stderr or ''}"
    return ("passed" if done.returncode == 0 else f"failed with {done.returncode}"), done.stdout + done.stderr


def main() -> None:
    chosen = {file: client for file, client in CLIENTS.items() if len(sys.argv) < 2 or sys.argv[1] in file}
    if not chosen:
        sys.exit(f"no client is called {sys.argv[1]}; these are: {', '.join(CLIENTS)}")
    failed = 0
    rows = []
    # Some clients keep notes in the home folder.
    with product.running() as server, tempfile.TemporaryDirectory() as home:
        server.seed(HERE)
        environment = product.client_environment(server) | {"HOME": home}
        for file, (program, name) in chosen.items():
            began = time.monotonic()
            verdict, output = run(environment, file, program)
            rows.append(f"{name:<16}{verdict:<20}{time.monotonic() - began:5.1f} s")
            if verdict != "passed":
                failed += 1
                print(f"--- {name} ({file}) {verdict}:\n{output}", file=sys.stderr)
    print("\n".join(rows))
    print(f"clients: {len(rows) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
