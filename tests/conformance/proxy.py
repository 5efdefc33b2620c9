"""A loopback proxy that adds the key the conformance suite has no way to send.

Everything else goes through as it came, Host and Origin too, so that what is measured is the server's own door. Answers are
handed on as they arrive: event streams stay streams.
"""

import http.client
import http.server
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

# They belong to one connection, not to the message.
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}
CHUNK = 65536


def handler(target: urllib.parse.SplitResult, key: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            onward = http.client.HTTPConnection(target.hostname, target.port, timeout=120)
            try:
                onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in HOP:
                        onward.putheader(name, value)
                onward.putheader("Authorization", f"Bearer {key}")
                onward.endheaders(body)
                self.hand_back(onward.getresponse())
            except OSError:
                # One side left; the other learns it by the end of its connection.
                self.close_connection = True
            finally:
                onward.close()

        def hand_back(self, answer: http.client.HTTPResponse) -> None:
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            streams = answer.getheader("content-length") is None and answer.status not in (202, 204, 304)
            if streams:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            while chunk := answer.read1(CHUNK):
                self.wfile.write(chunk)
                self.wfile.flush()

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = forward

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # The suite drops connections on purpose.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def running(url: str, key: str) -> Iterator[str]:
    """Stands in front of `url` and gives its own URL, with the same path."""
    target = urllib.parse.urlsplit(url)
    server = Server(("127.0.0.1", 0), handler(target, key))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{target.path}"
    finally:
        server.shutdown()
        server.server_close()
