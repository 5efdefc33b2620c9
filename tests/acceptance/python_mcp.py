"""The Python client `mcp`, in both eras: connect, list, call, an error, progress, a prompt, a resource, and 401 without a good key."""

import asyncio
import json
import os

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

URL = os.environ["FLOWSTEAD_MCP_URL"]
KEY = os.environ["FLOWSTEAD_API_KEY"]
ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}


def connection(headers: dict[str, str], statuses: list[int]):
    http = create_mcp_http_client(headers=headers)

    async def note(response) -> None:
        statuses.append(response.status_code)

    http.event_hooks = {"response": [note]}
    return http, streamable_http_client(URL, http_client=http)


def text(result) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


async def session(mode: str) -> None:
    http, transport = connection({"authorization": f"Bearer {KEY}"}, [])
    async with http, Client(transport, mode=mode) as client:
        assert client.protocol_version == ERAS[mode], f"{mode} ended at revision {client.protocol_version}"
        if mode == "legacy":
            assert client.server_info.name == "flowstead", f"the server calls itself {client.server_info.name!r}"

        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        for name in ("get_record", "run_flow", "wait_for_executions", "echo_text", "always_breaks"):
            assert name in listed, f"{name} is not listed, these are: {sorted(listed)}"
        assert listed["echo_text"].output_schema, "echo_text is listed without the output schema of its flow"

        record = await client.call_tool("get_record", {"record_type": "FLOW", "name": "echo"})
        assert not record.is_error and '"echo"' in text(record), f"get_record answered {text(record)}"
        assert record.structured_content == json.loads(text(record)), "text and structured content differ"

        run = await client.call_tool("run_flow", {"flow_name": "echo", "input_value": {"text": "from a client"}})
        assert not run.is_error and "from a client" in text(run), f"run_flow answered {text(run)}"

        echoed = await client.call_tool("echo_text", {"text": "hello"})
        assert not echoed.is_error and echoed.structured_content == {"text": "hello"}, f"echo_text answered {echoed}"

        missing = await client.call_tool("get_record", {"record_type": "FLOW", "name": "ecoh"})
        assert missing.is_error and "echo" in text(missing), f"a misspelt flow was answered with {text(missing)}"

        broken = await client.call_tool("always_breaks", {})
        assert broken.is_error and "The cupboard is bare" in text(broken), f"a flow that fails was answered with {text(broken)}"
        assert "execution_id" in text(broken), f"the error names no execution: {text(broken)}"

        seen: list[float] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        await client.call_tool("count_down", {}, progress_callback=progress)
        assert len(seen) >= 2 and seen == sorted(set(seen)), f"progress did not rise step by step: {seen}"

        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert "review_flow" in prompts, f"the prompt is not listed, these are: {prompts}"
        prompt = await client.get_prompt("review_flow", {"flow_name": "echo"})
        assert "echo" in prompt.messages[0].content.text, f"the prompt reads {prompt}"

        guide = await client.read_resource("cloudomation://usage-guide")
        assert guide.contents[0].text, "the usage guide is empty"


async def refused(mode: str, headers: dict[str, str]) -> None:
    statuses: list[int] = []
    try:
        http, transport = connection(headers, statuses)
        async with http, Client(transport, mode=mode) as client:
            await client.list_tools()
    except Exception:
        assert 401 in statuses, f"{mode} with headers {headers}: the answers were {statuses}, not 401"
        return
    raise AssertionError(f"{mode} with headers {headers} was let in")


async def main() -> None:
    for mode in ERAS:
        await session(mode)
        await refused(mode, {})
        await refused(mode, {"authorization": "Bearer not-a-key"})


asyncio.run(asyncio.wait_for(main(), 120))
