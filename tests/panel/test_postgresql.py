"""A real PostgreSQL server: same markets as the CSV, password from the environment only, nothing written."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from panel_tables import load, rows, settings_for, write
from reportgen.errors import ReadError
from reportgen.panel.checking.contract import validate_panel
from reportgen.panel.reading.read import read_table

pytestmark = pytest.mark.slow
CODES = ("NA", "00123", "महाराष्ट्र")


@dataclass(frozen=True)
class Server:
    url: str
    password: str


def program(name: str) -> str:
    places = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    return str(next(place for place in places if place))


def run(*command: str) -> None:
    """Run a server program; it refuses to be root, so root hands over to the account Debian made for it."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = secrets.token_hex(8)
    folder = Path(tempfile.mkdtemp(prefix="reportgen-pg-"))
    (folder / "password").write_text(password)
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")
    data = str(folder / "data")
    try:
        run(program("initdb"), "-D", data, "-U", "owner", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run(program("pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            with psycopg.connect(host="127.0.0.1", port=port, user="owner", password=password, dbname="postgres") as db:
                db.execute(
                    "CREATE TABLE panel "
                    "(market text, pharmacy text, month date, sales numeric(12, 2), promotion integer)"
                )
                for line in rows(CODES):
                    market, pharmacy, month, *numbers = line.split(",")
                    values = (market, pharmacy, f"{month}-01", *numbers)
                    db.execute("INSERT INTO panel VALUES (%s, %s, %s, %s::numeric, %s::integer)", values)
            yield Server(f"postgresql+psycopg://owner@127.0.0.1:{port}/postgres", password)
        finally:
            run(program("pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("wanted", [{"table": "panel"}, {"table": "public.panel"}, {"query": "SELECT * FROM panel"}])
def test_same_markets_as_the_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, str]
) -> None:
    monkeypatch.setenv("REPORTGEN_DB_PASSWORD", server.password)
    settings = settings_for(server.url, **wanted)
    panel = validate_panel(read_table(settings.panel, tmp_path), settings)
    expected = load(write(tmp_path / "panel.csv", *rows(CODES)))
    assert {m: p.data_hash for m, p in panel.markets.items()} == {m: p.data_hash for m, p in expected.markets.items()}


@pytest.mark.parametrize(
    ("query", "password"),
    [
        ("SELECT * FROM absent", True),
        ("WITH gone AS (DELETE FROM panel RETURNING *) SELECT * FROM gone WHERE nonsense", True),
        ("SELECT * FROM panel", False),
    ],
)
def test_failures_are_explained_without_the_password(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, password: bool
) -> None:
    monkeypatch.setenv("REPORTGEN_DB_PASSWORD", server.password if password else "wrong-canary")
    with pytest.raises(ReadError) as caught:
        read_table(settings_for(server.url, query=query).panel, tmp_path)
    assert caught.value.code == "database"
    assert server.password not in caught.value.message
    assert "canary" not in caught.value.message


def test_a_query_that_deletes_leaves_the_table_as_it_was(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGEN_DB_PASSWORD", server.password)
    delete = settings_for(server.url, query="WITH gone AS (DELETE FROM panel RETURNING *) SELECT * FROM gone")
    with pytest.raises(ReadError, match="read-only"):
        read_table(delete.panel, tmp_path)
    kept = read_table(settings_for(server.url, table="panel").panel, tmp_path)
    assert len(kept.frame) == len(rows(CODES))
