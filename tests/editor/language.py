"""A client of a language server: opens files as an editor does and collects what the server marks in them. Standard library only."""

import json
import pathlib
import subprocess
import threading
import time
from typing import Any, Self


class LanguageServer:
    """A running language server over standard input and output, in one workspace folder."""

    def __init__(self, command: list[str | pathlib.Path], folder: pathlib.Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.settings = settings
        self.marks: dict[str, list[dict]] = {}
        self.changed = threading.Condition()
        self.answers: dict[int, Any] = {}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder)
        self.writing = threading.Lock()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        root = folder.as_uri()
        asked = {"workspace": {"configuration": True, "workspaceFolders": True, "didChangeConfiguration": {"dynamicRegistration": True}}}
        self._ask(1, "initialize", {
            "processId": None, "rootUri": root, "capabilities": asked,
            "workspaceFolders": [{"uri": root, "name": folder.name}],
        })
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": settings})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def open(self, path: pathlib.Path) -> None:
        """Opens a file; its marks come when the server has looked at it."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text(encoding="utf-8")}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def marked(self, path: pathlib.Path) -> list[dict] | None:
        """What is marked in an open file by now; None as long as the server has said nothing of it."""
        return self.marks.get(path.as_uri())

    def wait(self, is_done, seconds: float) -> bool:
        """Waits until `is_done()` holds, looking again whenever marks come; False when the time is over."""
        end = time.monotonic() + seconds
        with self.changed:
            while not is_done():
                if not self.changed.wait(timeout=end - time.monotonic()) and time.monotonic() >= end:
                    return is_done()
        return True

    def _send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.writing:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self.process.stdin.flush()

    def _tell(self, method: str, params: dict) -> None:
        self._send({"method": method, "params": params})

    def _ask(self, number: int, method: str, params: dict) -> None:
        self._send({"id": number, "method": method, "params": params})
        if not self.wait(lambda: number in self.answers, 60):
            raise SystemExit(f"the language server did not answer {method}")

    def _read(self) -> None:
        stream = self.process.stdout
        while header := stream.readline():
            length = None
            while header.strip():
                name, _, value = header.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
                header = stream.readline()
            if length is not None:
                self._take(json.loads(stream.read(length)))

    def _take(self, message: dict) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            with self.changed:
                self.marks[message["params"]["uri"]] = message["params"]["diagnostics"]
                self.changed.notify_all()
        elif method and "id" in message:
            self._send({"id": message["id"], "result": self._answer(method, message.get("params") or {})})
        elif "id" in message:
            with self.changed:
                self.answers[message["id"]] = message.get("result")
                self.changed.notify_all()

    def _answer(self, method: str, params: dict) -> Any:
        """What an editor answers that has these settings and nothing else."""
        if method == "workspace/configuration":
            return [self.settings.get(item.get("section")) for item in params["items"]]
        return None
