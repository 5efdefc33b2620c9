"""The Inspector's command line, in both eras: list, the strict look at tool schemas, calls, one that is a task where there are tasks, a
prompt, a resource, and 401."""

import json
import os
import subprocess
from pathlib import Path

URL = os.environ["FLOWSTEAD_MCP_URL"]
KEY = os.environ["FLOWSTEAD_API_KEY"]
CLIENTS = Path(os.environ["FLOWSTEAD_CLIENTS"])
PROGRAM = CLIENTS / "node/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
# What the Inspector's exit codes mean.
DONE, AUTH_REQUIRED, TOOL_FAILED, STRICT_FOUND = 0, 3, 5, 6


def inspect(era: str, method: str, *arguments: str, key: str | None = KEY) -> tuple[int, str, str]:
    command = ["node", str(PROGRAM), "--cli", "--transport", "http", "--server-url", URL, "--protocol-era", era]
    command += ["--format", "json", "--stored-auth-only", "--method", method, *arguments]
    if key:
        command += ["--header", f"Authorization: Bearer {key}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def result(era: str, method: str, *arguments: str) -> dict:
    code, out, err = inspect(era, method, *arguments)
    assert code == DONE, f"{era}: {method} {arguments} ended with {code}: {out}{err}"
    return json.loads(out)["result"]


def call(era: str, tool: str, arguments: dict) -> dict:
    return result(era, "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))


def session(era: str) -> None:
    code, out, err = inspect(era, "tools/list", "--strict")
    assert code != STRICT_FOUND, f"{era}: the strict look found: {err}"
    assert code == DONE, f"{era}: tools/list ended with {code}: {err}"
    names = {tool["name"] for tool in json.loads(out)["result"]["tools"]}
    assert {"get_record", "run_flow", "echo_text"} <= names, f"{era}: these are listed: {sorted(names)}"

    record = call(era, "get_record", {"record_type": "FLOW", "name": "echo"})
    assert '"echo"' in record["content"][0]["text"], f"{era}: get_record answered {record}"
    run = call(era, "run_flow", {"flow_name": "echo", "input_value": {"text": "from a client"}})
    assert "from a client" in run["content"][0]["text"], f"{era}: run_flow answered {run}"
    echoed = call(era, "echo_text", {"text": "hello"})
    assert echoed["structuredContent"] == {"text": "hello"}, f"{era}: echo_text answered {echoed}"

    # In the newer era it declares tasks and looks after them until they end.
    slow = call(era, "slow_echo", {})
    assert slow["structuredContent"] == {"text": "slowly"}, f"{era}: slow_echo answered {slow}"

    code, out, err = inspect(era, "tools/call", "--tool-name", "always_breaks")
    assert code == TOOL_FAILED and "The cupboard is bare" in out, f"{era}: a flow that fails ended with {code}: {out}{err}"

    prompt = result(era, "prompts/get", "--prompt-name", "review_flow", "--prompt-args", "flow_name=echo")
    assert "echo" in prompt["messages"][0]["content"]["text"], f"{era}: the prompt reads {prompt}"
    guide = result(era, "resources/read", "--uri", "cloudomation://usage-guide")
    assert guide["contents"][0]["text"], f"{era}: the usage guide is empty"


def refused(era: str, key: str | None) -> None:
    code, out, err = inspect(era, "tools/list", key=key)
    assert code == AUTH_REQUIRED, f"{era} with the key {key}: ended with {code}, not {AUTH_REQUIRED}: {out}{err}"


for each in ("legacy", "modern"):
    session(each)
    refused(each, None)
    refused(each, "not-a-key")
