"""The preview: one host, one folder, no way out; a change is built and told, a failure is told and survived."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reportgen.batch.state.outcome import MarketOutcome, RunResult
from reportgen.errors import ConfigError, EnvironmentMissing, UsageError
from reportgen.publish.preview import watch as previews
from reportgen.publish.preview.server import ADDRESS, Board, Shown, find_file, open_server, with_reload
from reportgen.publish.preview.watch import Watch, look, preview
from reportgen.settings.sections import Settings

POLICY = (
    b'<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-x&#39;">'
)
PAGE = b"<!doctype html><html><head>" + POLICY + b"</head><body><p>hello</p></body></html>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "site"
    (folder / "markets" / "a b").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "404.html").write_bytes(b"<body>Page not found</body>")
    (folder / "markets" / "a b" / "report.html").write_bytes(PAGE)
    (folder / "data.csv").write_text("a,b\n")
    (folder / "_OK.json").write_text("{}")
    (tmp_path / "out" / "secret.txt").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "out" / "secret.txt")
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, Board]]:
    board = Board(Shown(folder=folder, version=3))
    server = open_server(0, board)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.server_port, board
    board.close()
    server.shutdown()
    server.server_close()


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


# --- the server -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/", "index.html"), ("/index.html?x=1#y", "index.html"), ("//index.html", "index.html"),
        ("/markets/a%20b/report.html", "markets/a b/report.html"),
        ("/./data.csv", "data.csv"),
    ],
)  # fmt: skip
def test_files_of_the_site_are_found(site: Path, target: str, found: str) -> None:
    assert find_file(site, target) == (site / found).resolve()


@pytest.mark.attacks
@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/markets/../../secret.txt", "/..%5csecret.txt",
        "/markets/..%2f..%2f..%2fsecret.txt", "/way-out", "/index.html%00.txt", "//etc/passwd", "/~root", "/.hidden",
        "/%c0%ae%c0%ae/secret.txt", "/" + "a" * 5000, "/markets", "/nothing",
    ],
)  # fmt: skip
def test_no_request_leads_out_of_the_site(site: Path, target: str) -> None:
    assert find_file(site, target) is None
    with serving(site) as (port, _):
        status, _, body = ask(port, target)
    assert status in {400, 404}
    assert b"secret" not in body
    assert b"root:" not in body


@pytest.mark.attacks
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "[::1]:{port}"]
)
def test_other_names_for_this_machine_are_refused(site: Path, host: str) -> None:
    with serving(site) as (port, _):
        status, _, body = ask(port, "/", Host=host.format(port=port))
        assert ask(port, "/_preview/events", Host=host.format(port=port))[0] == 403
    assert status == 403
    assert b"hello" not in body


def test_its_own_names_are_answered(site: Path) -> None:
    with serving(site) as (port, _):
        for name in (f"127.0.0.1:{port}", f"LOCALHOST:{port}"):
            assert ask(port, "/", Host=name)[0] == 200


def test_it_listens_on_this_machine_only(site: Path) -> None:
    with serving(site) as (port, _):
        found = open_server(0, Board(Shown(folder=site)))
        assert found.server_address[0] == "127.0.0.1"
        found.server_close()
        with pytest.raises(EnvironmentMissing, match=f"port {port}"):
            open_server(port, Board(Shown(folder=site)))


def test_pages_get_the_script_and_other_files_do_not(site: Path) -> None:
    with serving(site) as (port, _):
        status, headers, body = ask(port, "/")
        assert status == 200
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert b'<script data-version="3">' in body
        assert b"connect-src &#39;self&#39;" in body
        assert b"script-src &#39;sha256-" in body
        assert ask(port, "/data.csv")[2] == b"a,b\n"
        assert ask(port, "/", method="HEAD")[2] == b""
        assert ask(port, "/", method="POST")[0] == 501
        status, _, body = ask(port, "/gone.html")
        assert (status, b"Page not found" in body) == (404, True)
    assert (site / "index.html").read_bytes() == PAGE


def test_pages_without_a_policy_or_a_body_get_the_script_too() -> None:
    assert with_reload(b"<p>x", 1).startswith(b"<p>x<script data-version")


def test_a_site_that_is_not_there_yet_says_so_and_why(tmp_path: Path) -> None:
    with serving(tmp_path / "nowhere") as (port, board):
        status, _, body = ask(port, "/")
        assert status == 503
        assert b"being built" in body
        board.put(message="<b>data/panel.csv</b>: broken")
        assert b"&lt;b&gt;data/panel.csv" in ask(port, "/")[2]


def test_news_are_streamed_as_they_come(site: Path) -> None:
    with serving(site) as (port, board):
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
        connection.request("GET", "/_preview/events")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        assert answer.readline() == b'data: {"version": 3, "message": ""}\n'
        answer.readline()
        board.put(version=4, message="one failed")
        assert json.loads(answer.readline().removeprefix(b"data: ")) == {"version": 4, "message": "one failed"}
        board.close()
        connection.close()
        assert ask(port, "/_preview/events", method="HEAD")[2] == b""


# --- building ---------------------------------------------------------------------------------


class Project:
    """A project whose build writes the table into the page, or fails where the table says so."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.table = root / "data" / "panel.csv"
        self.table.parent.mkdir()
        self.settings_file = root / "reportgen.toml"
        self.settings_file.write_text("")
        self.table.write_text("one")
        self.failed = ""
        self.interrupted = False
        monkeypatch.setattr(previews, "build", self.build)
        monkeypatch.setattr(previews, "LOOK", 0.05)

    def load(self) -> tuple[Settings, Path]:
        if "broken" in self.settings_file.read_text():
            raise ConfigError("reportgen.toml: broken", code="x")
        return Settings(), self.root

    def build(self, settings: Settings, root: Path, *, progress: Any) -> RunResult:
        folder = root / "out" / "site"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(f"<body>{self.table.read_text()}</body>")
        failed = [
            MarketOutcome(market=m, slug=m, action="failed", reason="new", message="does not work") for m in self.failed
        ]
        return RunResult(out=root / "out", index=None, markets=tuple(failed), seconds=0.1, interrupted=self.interrupted)

    @contextmanager
    def running(self, **options: Any) -> Iterator[int]:
        address: list[str] = []
        stop, codes = threading.Event(), []
        watch = Watch(load=self.load, settings_file=self.settings_file, **options)
        thread = threading.Thread(target=lambda: codes.append(preview(watch, port=0, ready=address.append, stop=stop)))
        thread.start()
        until(lambda: bool(address))
        yield int(address[0].rsplit(":", 1)[1].strip("/"))
        stop.set()
        thread.join(10)
        assert codes == [130 if self.interrupted else 0]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_a_change_of_the_table_is_built(project: Project) -> None:
    with project.running() as port:
        until(lambda: b"<body>one" in ask(port, "/")[2])
        assert b'data-version="1"' in ask(port, "/")[2]
        project.table.write_text("two!")
        until(lambda: b"<body>two!" in ask(port, "/")[2])
        until(lambda: b'data-version="2"' in ask(port, "/")[2])


def test_broken_settings_are_told_and_the_page_stays(project: Project) -> None:
    with project.running() as port:
        until(lambda: b"<body>one" in ask(port, "/")[2])
        project.settings_file.write_text("broken")
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
        connection.request("GET", "/_preview/events")
        answer = connection.getresponse()
        said: list[Any] = []
        while not (said and said[-1]["message"]):
            line = answer.readline()
            if line.startswith(b"data: "):
                said.append(json.loads(line.removeprefix(b"data: ")))
        assert said[-1] == {"version": 1, "message": "reportgen.toml: broken"}
        assert b"<body>one" in ask(port, "/")[2]
        project.settings_file.write_text("# mended")
        until(lambda: b'data-version="2"' in ask(port, "/")[2])
        connection.close()


def test_settings_that_are_broken_from_the_start_are_told(project: Project) -> None:
    project.settings_file.write_text("broken")
    with project.running() as port:
        until(lambda: b"reportgen.toml: broken" in ask(port, "/")[2])


def test_failed_markets_are_named(project: Project) -> None:
    project.failed = "ABCDEFG"
    told: list[RunResult] = []
    watch = Watch(load=project.load, settings_file=project.settings_file)
    board = Board(Shown(folder=project.root))
    assert not previews._build(watch, board, told.append)
    assert board.shown.message.splitlines()[0] == "A: does not work"
    assert board.shown.message.splitlines()[-1] == "… and 2 more markets failed."
    assert len(told) == 1


def test_an_interrupted_build_ends_with_130(project: Project) -> None:
    project.interrupted = True
    with project.running():
        pass


def test_what_is_there_is_served_without_building(project: Project) -> None:
    project.build(Settings(), project.root, progress=None)
    project.table.write_text("two")
    with project.running(build=False) as port:
        until(lambda: b'data-version="1"' in ask(port, "/")[2])
        assert b"<body>one" in ask(port, "/")[2]
        (project.root / "out" / "site" / "_OK.json").write_text("{}")
        until(lambda: b'data-version="2"' in ask(port, "/")[2])


def test_an_output_elsewhere_cannot_be_served(project: Project) -> None:
    settings = Settings.model_validate({"run": {"out": "s3://bucket/x"}})
    watch = Watch(load=lambda: (settings, project.root), settings_file=project.settings_file)
    with pytest.raises(UsageError, match="folder of this machine"):
        preview(watch, port=0)


def test_settings_table_templates_and_logo_are_watched(project: Project) -> None:
    (project.root / "own").mkdir()
    (project.root / "own" / "report.html.j2").write_text("x")
    (project.root / "logo.svg").write_text("<svg/>")
    settings = Settings.model_validate({"report": {"templates": "own"}, "brand": {"logo": "logo.svg"}})
    watch = Watch(load=lambda: (settings, project.root), settings_file=project.settings_file)
    seen = {Path(name).name for name in look(watch)}
    assert {"reportgen.toml", "panel.csv", "report.html.j2", "logo.svg", "base.html.j2", "tokens.css"} <= seen


def test_ctrl_c_ends_it_cleanly(site: Path) -> None:
    command = [sys.executable, "-m", "reportgen", "preview", str(site.parent.parent), "--no-build", "--port", "0"]
    usual = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores Ctrl-C
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=usual)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving http://127.0.0.1:")
        port = int(line.split(":")[2].split("/")[0])
        assert ask(port, "/")[0] == 200
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
