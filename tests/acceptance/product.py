"""A real server of its own data folder, seeded over REST, for checks that run programs of others against it. Standard library only."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

# Seconds until a server that has not said its URL is given up.
START_LIMIT = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = TARGET / "debug" / "flowstead"
CLIENTS = ROOT / ".venv" / "clients"
# The server is on this machine: no proxy in between.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Product:
    """A running server: its URL, a key of the administrator, and REST with that key."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.mcp_url = f"{url}/api/latest/mcp"
        self.key = key

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Sends a request below `/api/latest` and gives the JSON answer; a refusal ends the program with what was said."""
        request = urllib.request.Request(
            f"{self.url}/api/latest{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {self.key}"},
            method=method,
        )
        try:
            with OPENER.open(request, timeout=60) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path} was refused: {error.code} {error.read().decode(errors='replace')}") from None

    def flow(self, name: str, script: str, **columns: object) -> str:
        """Saves a flow and gives its id."""
        return self.send("POST", "/flow?plain=true", {"name": name, "script": script, **columns})["id"]

    def user_tool(self, name: str, flow_id: str, description: str, **columns: object) -> None:
        """Offers a flow to agents."""
        tool = {"name": name, "flow_id": flow_id, "description": description, "is_enabled": True, **columns}
        self.send("POST", "/mcp_user_tool", tool)

    def prompt(self, slug: str, data: dict) -> None:
        """Offers a prompt to agents: metadata of the workspace."""
        workspace = self.send("GET", "/workspace?plain=true")[0]["id"]
        self.send("POST", "/record_metadata", {"record_id": workspace, "key": f"mcp_prompt:{slug}", "data": data})

    def seed(self, folder: pathlib.Path) -> None:
        """Loads `seed.json` of a folder: flows with their scripts in `flows/`, user tools, prompts.

        A flow's entry may have `tool`, the name of the user tool that offers it, `task_support` of that tool, and `script`, where
        its file is not called as the flow; the rest are columns.
        """
        plan = json.loads((folder / "seed.json").read_text(encoding="utf-8"))
        for name, entry in plan["flows"].items():
            tool = entry.pop("tool", None)
            file = entry.pop("script", name)
            support = {"task_support": entry.pop("task_support")} if "task_support" in entry else {}
            script = (folder / "flows" / f"{file}.py").read_text(encoding="utf-8")
            flow = self.flow(name, script, **entry)
            if tool:
                self.user_tool(tool, flow, entry["description"], **support)
        for slug, data in plan.get("prompts", {}).items():
            self.prompt(slug, data)


def client_environment(server: Product) -> dict[str, str]:
    """What the programs of others find in their environment: the server, the key, and a Node that is new enough."""
    node = next(CLIENTS.glob("node/node_modules/node-linux-*/bin"), None)
    if node is None:
        raise SystemExit("the clients are not installed; run `make clients`")
    return os.environ | {
        "PATH": f"{node}:{os.environ['PATH']}",
        "FLOWSTEAD_MCP_URL": server.mcp_url,
        "FLOWSTEAD_API_KEY": server.key,
        "FLOWSTEAD_CLIENTS": str(CLIENTS),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@contextlib.contextmanager
def running(settings: dict[str, str] | None = None) -> Iterator[Product]:
    """Starts a server on a free port with an empty data folder and stops it, and only it, at the end.

    Settings are configuration by environment variable, such as `FLOWSTEAD_MCP_ENABLED`.
    """
    if not PROGRAM.exists():
        raise SystemExit(f"{PROGRAM} is not there; build it with `cargo build`")
    with tempfile.TemporaryDirectory(prefix="flowstead-", ignore_cleanup_errors=True) as folder:
        data, log = pathlib.Path(folder) / "data", pathlib.Path(folder) / "log"
        with log.open("wb") as noise:
            command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", data]
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=noise, text=True, env=os.environ | (settings or {}))
        try:
            late = threading.Timer(START_LIMIT, server.kill)
            late.start()
            # The server prints its URL once it listens.
            url = next((line.strip() for line in server.stdout if line.startswith("http://")), None)
            late.cancel()
            if url is None:
                raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')}")
            made = [PROGRAM, "key", "create", "--user", "admin", "--name", "acceptance", "--data", data]
            key = subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip()
            yield Product(url, key)
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
