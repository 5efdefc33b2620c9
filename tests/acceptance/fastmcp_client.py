"""fastmcp's client and its command line: connect, list, call, an error, progress, a question to its person, and 401 without a good key."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError
from mcp.shared._httpx_utils import create_mcp_http_client

URL = os.environ["FLOWSTEAD_MCP_URL"]
KEY = os.environ["FLOWSTEAD_API_KEY"]
COMMAND = Path(sys.executable).parent / "fastmcp"


async def session(mode: str) -> None:
    transport = StreamableHttpTransport(URL, headers={"authorization": f"Bearer {KEY}"})
    async with Client(transport, mode=mode) as client:
        listed = {tool.name for tool in await client.list_tools()}
        assert {"get_record", "run_flow", "echo_text"} <= listed, f"{mode}: these are listed: {sorted(listed)}"

        record = await client.call_tool("get_record", {"record_type": "FLOW", "name": "echo"})
        assert '"echo"' in record.content[0].text, f"{mode}: get_record answered {record}"

        run = await client.call_tool("run_flow", {"flow_name": "echo", "input_value": {"text": "from a client"}})
        assert "from a client" in run.content[0].text, f"{mode}: run_flow answered {run}"

        # This client builds a typed object from the output schema.
        echoed = await client.call_tool("echo_text", {"text": "hello"})
        assert echoed.structured_content == {"text": "hello"}, f"{mode}: echo_text answered {echoed}"
        assert echoed.data.text == "hello" if not isinstance(echoed.data, dict) else echoed.data == {"text": "hello"}

        try:
            answer = await client.call_tool("always_breaks", {})
        except ToolError as error:
            assert "The cupboard is bare" in str(error), f"{mode}: the error reads {error}"
        else:
            raise AssertionError(f"{mode}: a flow that fails was answered with {answer}")

        seen: list[float] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        await client.call_tool("count_down", {}, progress_handler=progress)
        assert len(seen) >= 2 and seen == sorted(set(seen)), f"{mode}: progress did not rise step by step: {seen}"


async def asked(mode: str) -> None:
    async def person(message, response_type, params, context):
        assert message == "Who is there?", f"{mode}: asked {message}"
        return {"name": "Ada"}

    transport = StreamableHttpTransport(URL, headers={"authorization": f"Bearer {KEY}"})
    async with Client(transport, mode=mode, elicitation_handler=person) as client:
        greeted = await client.call_tool("ask_name", {})
        assert greeted.structured_content == {"text": "Hello Ada"}, f"{mode}: ask_name answered {greeted}"


async def refused(mode: str, headers: dict[str, str]) -> None:
    statuses: list[int] = []

    async def note(response) -> None:
        statuses.append(response.status_code)

    def connection(**settings):
        settings.pop("follow_redirects", None)
        http = create_mcp_http_client(**settings)
        http.event_hooks = {"response": [note]}
        return http

    try:
        async with Client(StreamableHttpTransport(URL, headers=headers, httpx_client_factory=connection), mode=mode) as client:
            await client.list_tools()
    except Exception:
        assert 401 in statuses, f"{mode} with headers {headers}: the answers were {statuses}, not 401"
        return
    raise AssertionError(f"{mode} with headers {headers} was let in")


def command(*arguments: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments, "--auth", key, "--json"], capture_output=True, text=True, timeout=60, check=False
    )


def command_line() -> None:
    listed = command("list", URL)
    assert listed.returncode == 0, f"`fastmcp list` failed: {listed.stderr}"
    names = {tool["name"] for tool in json.loads(listed.stdout)["tools"]}
    assert {"get_record", "echo_text"} <= names, f"`fastmcp list` prints {sorted(names)}"

    called = command("call", URL, "echo_text", "text=typed")
    assert called.returncode == 0 and '"typed"' in called.stdout, f"`fastmcp call` printed {called.stdout}{called.stderr}"

    stranger = command("list", URL, key="not-a-key")
    assert stranger.returncode != 0, "`fastmcp list` was let in with a bad key"


async def main() -> None:
    for mode in ("legacy", "auto", "2026-07-28"):
        await session(mode)
        await asked(mode)
        await refused(mode, {})
        await refused(mode, {"authorization": "Bearer not-a-key"})


asyncio.run(asyncio.wait_for(main(), 120))
command_line()
