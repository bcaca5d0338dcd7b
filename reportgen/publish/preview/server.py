"""A web server for one folder and one reader: 127.0.0.1 only, reading only, nothing outside the folder.

Pages reload themselves when the folder was made anew; the script for that is put in on the way out and is in no file.
A request that names another host is refused, so that a page elsewhere cannot read reports through a name that it
points here (DNS rebinding). Standard library only: a web framework would be a dependency for one reader.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import mimetypes
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from reportgen.errors import EnvironmentMissing

ADDRESS = "127.0.0.1"
EVENTS = "/_preview/events"
_HEARTBEAT = 10.0
_TRIES = 20
"""Ports that are tried where none was asked for."""
_SCRIPT = """
(() => {
  const own = document.currentScript.dataset.version, bar = document.createElement("div");
  bar.setAttribute("role", "alert");
  bar.style.cssText = "position:fixed;left:0;right:0;bottom:0;z-index:99;padding:10px 16px;white-space:pre-wrap;" +
    "font:14px/1.4 sans-serif;background:#7a1f10;color:#fff;max-height:40vh;overflow:auto";
  const source = new EventSource("/_preview/events");
  source.onmessage = (event) => {
    const state = JSON.parse(event.data);
    if (String(state.version) !== own) { location.reload(); return; }
    bar.textContent = state.message;
    if (state.message) document.body.append(bar); else bar.remove();
  };
})();
"""
_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")
_POLICY = re.compile(r'(http-equiv="Content-Security-Policy" content="[^"]*?)(script-src )')
_WAITING = "<!doctype html><html lang=en><head><meta charset=utf-8><title>reportgen preview</title></head><body>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is served now."""

    folder: Path
    version: int = 0
    message: str = ""
    """Why the last build failed; shown over the page, which stays."""


@dataclass(slots=True)
class Board:
    """The state that the builder writes and every open page waits for."""

    shown: Shown
    _news: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def put(self, **changes: Any) -> None:
        """Change the state and tell all who wait."""
        with self._news:
            self.shown = replace(self.shown, **changes)
            self._news.notify_all()

    def close(self) -> None:
        """Let all who wait go."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def follow(self) -> Iterator[Shown | None]:
        """Yield the state, then each new one; ``None`` now and then, so that a closed page is noticed."""
        last: Shown | None = None
        while not self._closed:
            with self._news:
                if self.shown is last:
                    # Not for ever: a browser that went away is noticed only when something is written to it.
                    self._news.wait(_HEARTBEAT)
                now = self.shown
            yield None if now is last else now
            last = now


class PreviewServer(ThreadingHTTPServer):
    """Serves ``board.shown.folder``."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, port: int, board: Board) -> None:
        self.board = board
        super().__init__((ADDRESS, port), _Handler)

    @property
    def url(self) -> str:
        """Address to open."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a reader who leaves is no error."""


def open_server(port: int | None, board: Board) -> PreviewServer:
    """Listen on ``port``, or on the first free one from 8000 where it is None; 0 takes any.

    Raises
    ------
    EnvironmentMissing
        If the port is taken.
    """
    wanted = [port] if port is not None else list(range(8000, 8000 + _TRIES))
    for candidate in wanted:
        try:
            return PreviewServer(candidate, board)
        except OSError as error:
            reason = error.strerror
    taken = wanted[0] if len(wanted) == 1 else f"{wanted[0]} to {wanted[-1]}"
    raise EnvironmentMissing(f"Cannot listen on {ADDRESS}, port {taken}: {reason}. Use --port.", code="port-taken")


def find_file(folder: Path, target: str) -> Path | None:
    """Return the file below ``folder`` that a request names, or None: no way leads out, not through links either."""
    path = unquote(urlsplit(target).path, errors="replace")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if "\x00" in path or "\\" in path or any(part.startswith((".", "~")) for part in parts):
        return None
    try:
        top = folder.resolve()
        found = top.joinpath(*parts)
        if found.is_dir():
            found /= "index.html"
        # After links and dots are resolved, not before: what matters is where the file lies.
        real = found.resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return real if real.is_file() and real.is_relative_to(top) else None


def with_reload(page: bytes, version: int) -> bytes:
    """The page with the script that reloads it, which its content policy is told of."""
    text = page.decode("utf-8", "replace")
    asks = "" if "connect-src " in text[: text.find("<title")] else "connect-src &#39;self&#39;; "
    # The page allows no script it does not know by hash; the reload script is added to that list, in this copy only.
    text = _POLICY.sub(rf"\1{asks}\2&#39;sha256-{_DIGEST}&#39; ", text, count=1)
    script = f'<script data-version="{version}">{_SCRIPT}</script>'
    head, end, tail = text.rpartition("</body>")
    return (f"{head}{script}{end}{tail}" if end else text + script).encode()


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    server_version = "reportgen"
    sys_version = ""
    timeout = 60
    _types: ClassVar[dict[str, str]] = {
        ".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".json": "application/json",
        ".xml": "application/xml", ".pdf": "application/pdf", ".svg": "image/svg+xml",
        ".parquet": "application/octet-stream",
    }  # fmt: skip

    def do_GET(self) -> None:
        """Answer with a file, or with the stream of news."""
        if not self._host_is_ours():
            self._send(403, b"This server answers only to its own address.", "text/plain; charset=utf-8")
        elif urlsplit(self.path).path == EVENTS:
            self._stream()
        else:
            self._file()

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its parameter is named so
        """Keep quiet."""

    def _host_is_ours(self) -> bool:
        port = self.server.server_port
        # Browsers leave out the port of http's own.
        ends = [f":{port}", ""] if port == 80 else [f":{port}"]
        names = {f"{name}{end}" for name in (ADDRESS, "localhost") for end in ends}
        hosts = self.headers.get_all("Host") or []
        # A page elsewhere could point its own name at 127.0.0.1 and read the reports (DNS rebinding): its Host betrays
        # it.
        return len(hosts) == 1 and hosts[0].strip().lower() in names

    def _file(self) -> None:
        shown = self.server.board.shown
        found = find_file(shown.folder, self.path) or self._once_more(shown.folder)
        status = 200
        if found is None:
            status, found = 404, find_file(shown.folder, "/404.html")
        if found is None:
            said = html.escape(shown.message or "The reports are being built; this page will show them.")
            page = f"{_WAITING}<p style=white-space:pre-wrap>{said}</p></body></html>".encode()
            self._send(503, with_reload(page, shown.version), self._types[".html"])
            return
        try:
            content = found.read_bytes()
        except OSError:
            self._send(404, b"Not found.", "text/plain; charset=utf-8")
            return
        kind = self._types.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        self._send(status, with_reload(content, shown.version) if found.suffix == ".html" else content, kind)

    def _once_more(self, folder: Path) -> Path | None:
        """Look again where the whole folder was missing: it may just have been swapped."""
        if folder.is_dir():
            return None
        time.sleep(0.1)
        return find_file(folder, self.path)

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "HEAD":
            return
        for news in self.server.board.follow():
            said = {} if news is None else {"version": news.version, "message": news.message}
            # Lines of server-sent events; one that begins with a colon is a comment, which keeps the connection open
            # (HTML, 9.2.6).
            self.wfile.write(f"data: {json.dumps(said)}\n\n".encode() if news else b": still here\n\n")
            self.wfile.flush()
