"""fastmcp with one tool that reads the same row of the same database; prints its URL first. Usage: fastmcp_server.py DATABASE"""

import logging
import socket
import sqlite3
import sys

import uvicorn
from fastmcp import FastMCP

mcp = FastMCP("bench")
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, check_same_thread=False)
connection.row_factory = sqlite3.Row


@mcp.tool
async def get_record(record_type: str, record_id: str) -> dict:
    """Reads a record."""
    return dict(connection.execute("select t.* from flow as t where t.id = ? limit 1", (record_id,)).fetchone())


# Named as TCP, or asyncio does not switch Nagle's delay off for what it accepts.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(128)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
logging.disable(logging.WARNING)
app = mcp.http_app(path="/call", stateless_http=True, json_response=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
