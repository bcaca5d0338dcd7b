"""Secrets of the machine never reach a report, run.json or a log: canaries are planted, every output is searched.

The canaries are a database password, tokens of the environment, the home directory, the user's name and the name of
the machine; the outputs are all files of whole builds in every format (streams of PDFs and workbooks unpacked), and
what was printed, with and without ``--debug``.
"""

from __future__ import annotations

import io
import os
import socket
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from real_runs import CHECKOUT, RealProject, everything_in, small_table

CANARIES = {
    "password of the database": "canary-password-7d1",
    "token of the environment": "canary-token-91c",
    "secret setting of another program": "canary-aws-55b",
    "home directory": "canary-home-3f0",
    "user name": "canary-user-c2a",
}

pytestmark = [pytest.mark.attacks]


def searched(path: Path) -> bytes:
    """Everything that can be read out of one output."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        return everything_in(content)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"\n".join([content, *(archive.read(name) for name in archive.namelist())])
    return content


def leaks(made: RealProject, said: str) -> list[tuple[str, str]]:
    host = socket.gethostname()
    words = [*CANARIES.values(), str(made.root), *([host] if len(host) > 4 else [])]
    outputs = {str(path.relative_to(made.root)): searched(path) for path in made.out.rglob("*") if path.is_file()}
    outputs["terminal"] = said.replace(str(CHECKOUT), "").encode()
    return [(name, word) for name, content in outputs.items() for word in words if word.encode() in content]


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "USER": CANARIES["user name"],
        "LOGNAME": CANARIES["user name"],
        "DATABASE_PASSWORD": CANARIES["password of the database"],
        "API_TOKEN": CANARIES["token of the environment"],
        "AWS_SECRET_ACCESS_KEY": CANARIES["secret setting of another program"],
        "PGPASSWORD": CANARIES["password of the database"],
    }


@pytest.fixture
def made(tmp_path: Path) -> RealProject:
    """A project inside the canary home directory."""
    project = RealProject(tmp_path / CANARIES["home directory"] / CANARIES["user name"] / "project")
    project.root.mkdir(parents=True)
    return project


@pytest.mark.parametrize(
    "formats", [["html"], pytest.param(["html", "pdf", "brief", "xlsx", "quarto"], marks=pytest.mark.slow)]
)
def test_no_canary_is_in_any_output(made: RealProject, formats: list[str], tried: Callable[..., None]) -> None:
    tried(*(f"{name} in {'+'.join(formats)}" for name in CANARIES))
    made.write(small_table("A", "B"), report={"formats": formats})
    ended = made.program("build", "--debug", **environment(made.root.parent))
    assert ended.code == 0, ended.said
    assert leaks(made, ended.said) == []


@pytest.mark.slow
def test_no_canary_is_in_the_account_of_a_failed_market(made: RealProject) -> None:
    """A template that is broken, a report that cannot be made: messages name no folder of the user."""
    made.write(small_table("A"), report={"formats": ["html"], "templates": "mine"})
    (made.root / "mine").mkdir()
    (made.root / "mine" / "report.html.j2").write_text("{{ doc.nosuch }}")
    ended = made.program("build", **environment(made.root.parent))
    assert ended.code == 1, ended.said
    assert leaks(made, ended.said) == []


@pytest.mark.slow
def test_the_address_of_a_database_keeps_its_password(made: RealProject) -> None:
    """A working database with a password in its address, and one that refuses: neither prints it."""
    made.write(panel={"source": "sqlite:///data/panel.db", "table": "panel"}, report={"formats": ["html"]})
    with sqlite3.connect(made.root / "data" / "panel.db") as base:
        small_table("A").to_sql("panel", base, index=False)
    base.close()
    ended = made.program("build", **environment(made.root.parent))
    assert ended.code == 0, ended.said
    assert leaks(made, ended.said) == []
    secret = CANARIES["password of the database"]
    for address in (
        f"postgresql://u:{secret}@127.0.0.1:9/x",
        f"mysql://u:{secret}@127.0.0.1:9/x",
        f"nosuch://u:{secret}@h/x",
    ):
        made.write(panel={"source": address})
        for command in (("build",), ("check",), ("config", "show"), ("build", "--debug")):
            ended = made.program(*command, **environment(made.root.parent))
            assert secret not in ended.said, (address.partition(":")[0], command, ended.said)


def test_settings_that_are_printed_hide_the_password(made: RealProject) -> None:
    secret = CANARIES["password of the database"]
    made.write(panel={"source": f"postgresql://u:{secret}@127.0.0.1:9/x", "table": "t"})
    for command in (("config", "show"), ("build",), ("check", "--json")):
        ended = made.run(*command)
        assert secret not in ended.said, command


@pytest.mark.slow
def test_the_caller_owns_nothing_that_others_may_read_more_than_before(made: RealProject) -> None:
    """Outputs are written with the user's own mask: no file becomes readable that the mask forbids."""
    made.write(small_table("A"), report={"formats": ["results"]})
    before = os.umask(0o077)
    try:
        ended = made.program("build", **environment(made.root.parent))
    finally:
        os.umask(before)
    assert ended.code == 0, ended.said
    assert not [path for path in made.out.rglob("*") if path.stat().st_mode & 0o077]
