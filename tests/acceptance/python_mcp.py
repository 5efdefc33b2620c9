"""The Python client `mcp`, in both eras: connect, list, call, an error, progress, a prompt, a resource, a question to its person, a call
whose answer is lost and that is made again, and 401 without a good key."""

import asyncio
import json
import os
import urllib.parse

import mcp_types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

URL = os.environ["FLOWSTEAD_MCP_URL"]
KEY = os.environ["FLOWSTEAD_API_KEY"]
ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}


def connection(headers: dict[str, str], statuses: list[int], url: str = URL):
    http = create_mcp_http_client(headers=headers)

    async def note(response) -> None:
        statuses.append(response.status_code)

    http.event_hooks = {"response": [note]}
    return http, streamable_http_client(url, http_client=http)


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


async def asked(mode: str) -> None:
    """A flow asks: the person at this client answers, first in a way that does not fit."""
    answers = ["A", "Ada"]
    questions: list[str] = []

    async def person(context, params) -> mcp_types.ElicitResult:
        questions.append(params.message)
        return mcp_types.ElicitResult(action="accept", content={"name": answers.pop(0)})

    http, transport = connection({"authorization": f"Bearer {KEY}"}, [])
    async with http, Client(transport, mode=mode, elicitation_callback=person) as client:
        greeted = await client.call_tool("ask_name", {})
        assert greeted.structured_content == {"text": "Hello Ada"}, f"{mode}: ask_name answered {greeted}"
        assert questions[0] == "Who is there?" and questions[1].startswith("That was no answer yet"), f"{mode}: asked {questions}"

    async def nobody(context, params) -> mcp_types.ElicitResult:
        return mcp_types.ElicitResult(action="decline")

    http, transport = connection({"authorization": f"Bearer {KEY}"}, [])
    async with http, Client(transport, mode=mode, elicitation_callback=nobody) as client:
        declined = await client.call_tool("ask_name", {})
        assert declined.is_error and "declined" in text(declined), f"{mode}: a declined question was answered with {declined}"


class Cut:
    """Stands before the server and hangs up when the answer to the first tool call begins."""

    def __init__(self) -> None:
        self.is_done = False

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = urllib.parse.urlsplit(URL)
        answers, onward = await asyncio.open_connection(target.hostname, target.port)
        sent = bytearray()

        async def forth() -> None:
            while data := await reader.read(65536):
                sent.extend(data)
                onward.write(data)
                await onward.drain()
            # Who has said all hears no more.
            onward.close()

        sending = asyncio.create_task(forth())
        try:
            while data := await answers.read(65536):
                if b'"tools/call"' in sent and not self.is_done:
                    self.is_done = True
                    break
                writer.write(data)
                await writer.drain()
        finally:
            sending.cancel()
            onward.close()
            writer.transport.abort()


async def executions(client: Client) -> int:
    found = await client.call_tool("list_executions", {"flow_name": "countdown", "limit": 1})
    return found.structured_content["total"]


async def again(mode: str) -> None:
    """The answer to a call is lost; the same call, with the same key, runs nothing twice."""
    key = {"flowstead/idempotencyKey": f"lost-{mode}"}
    http, transport = connection({"authorization": f"Bearer {KEY}"}, [])
    async with http, Client(transport, mode=mode) as client:
        before = await executions(client)
        cut = Cut()
        proxy = await asyncio.start_server(cut.pass_on, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        http, broken = connection({"authorization": f"Bearer {KEY}"}, [], f"http://127.0.0.1:{port}{urllib.parse.urlsplit(URL).path}")
        try:
            async with http, Client(broken, mode=mode) as unlucky:
                lost = await unlucky.call_tool("count_down", {}, meta=key, read_timeout_seconds=20)
        except Exception as error:
            lost = error
        finally:
            proxy.close()
        # This client may send its request again by itself, which is as good.
        assert cut.is_done, f"{mode}: the answer was not cut off, it was {lost}"
        done = await client.call_tool("count_down", {}, meta=key)
        assert done.structured_content == {"left": 0}, f"{mode}: the call that was made again answered {done}, the lost one {lost}"
        assert await executions(client) == before + 1, f"{mode}: the flow ran {await executions(client) - before} times"


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
        await asked(mode)
        await again(mode)
        await refused(mode, {})
        await refused(mode, {"authorization": "Bearer not-a-key"})


asyncio.run(asyncio.wait_for(main(), 120))
