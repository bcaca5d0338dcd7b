"""PDF: nothing is fetched, no file of the machine gets in, a layout that never ends is ended by the timeout.

An override puts what an attacker would want into the page; eight channels point at a listener on the loopback address,
which must hear nothing. Each address alone is ``tests/render/test_pdf.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from real_runs import RealProject, everything_in, small_table, with_own_templates

CHANNELS = {
    "image": '<img src="{url}" alt="x">',
    "style sheet": '<link rel="stylesheet" href="{url}">',
    "imported style sheet": '<style>@import url("{url}");</style>',
    "font": '<style>@font-face{{font-family:Q;src:url("{url}")}} p{{font-family:Q}}</style><p>x</p>',
    "background": '<p style="background-image:url({url})">x</p>',
    "list mark and content": "<style>li{{list-style-image:url({url})}} p::before{{content:url({url})}}</style>"
    "<ul><li>x</ul><p>x</p>",
    "attachment": '<link rel="attachment" href="{url}">',
    "image inside a chart": '<img alt="x" src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 '
    "xmlns:xlink=%22http://www.w3.org/1999/xlink%22 width=%229%22 height=%229%22%3E%3Cimage xlink:href=%22{url}%22 "
    'width=%229%22 height=%229%22/%3E%3C/svg%3E">',
    "object": '<object data="{url}" type="image/svg+xml"></object>',
    "embed": '<embed src="{url}" type="image/svg+xml">',
    "linked attachment": '<a rel="attachment" href="{url}">x</a>',
    "use inside a chart": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><use href="{url}#x"/></svg>',
    "base": '<base href="{url}"><img src="x.png" alt="x">',
}
PAGE = '{{% extends "base.html.j2" %}}{{% block main %}}<h1>x</h1>{markup}{{% endblock %}}'
CANARY = "canary-in-a-file"

pytestmark = [pytest.mark.attacks]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    return with_own_templates(tmp_path_factory.mktemp("p"), formats=["brief"])


def press(made: RealProject, markup: str) -> tuple[int, str, bytes]:
    """Exit code, code of the failure, and the PDF if there is one."""
    path = made.folder("A") / "brief.pdf"
    (made.root / "mine" / "brief.html.j2").write_text(PAGE.format(markup=markup), "utf-8")
    ended = made.run("render")
    entry = made.account()["markets"]["A"]
    made.assert_sound()
    return ended.code, entry.get("failure", {}).get("code", ""), path.read_bytes() if ended.code == 0 else b""


def _marked(name: str) -> object:
    return pytest.param(name, marks=() if name in {"image", "attachment"} else pytest.mark.slow)


@pytest.mark.parametrize("name", [_marked(name) for name in CHANNELS])
def test_no_channel_fetches_from_the_network(built: RealProject, listener: Any, name: str) -> None:
    code, failure, _ = press(built, CHANNELS[name].format(url=f"http://127.0.0.1:{listener.port}/x.svg"))
    assert listener.hits == []
    assert code == 0 or failure in {"pdf-fetch", "pdf-incomplete", "pdf-layout"}


@pytest.mark.parametrize("name", [_marked(name) for name in CHANNELS])
def test_no_channel_brings_a_file_of_the_machine_into_the_pdf(built: RealProject, name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="9"><title>{CANARY}</title>'
        f'<text id="x" y="9">{CANARY}</text></svg>'
    )
    code, failure, pdf = press(built, CHANNELS[name].format(url=secret.as_uri()))
    if code == 0:
        assert CANARY.encode() not in everything_in(pdf)
        with pikepdf.open(BytesIO(pdf)) as document:
            assert not document.attachments
            assert "/EmbeddedFiles" not in document.Root.get("/Names", {})
    else:
        assert failure in {"pdf-fetch", "pdf-incomplete", "pdf-layout"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "scheme", ["file:///etc/passwd", "FILE:/etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"]
)
def test_brand_logo_and_names_that_are_addresses_are_text(
    tmp_path: Path, scheme: str, tried: Callable[..., None]
) -> None:
    tried(f"{scheme.partition(':')[0]} as a name")
    made = RealProject(tmp_path)
    table = small_table("A")
    table["pharmacy"] = [f'<img src="{scheme}">{name}' for name in table["pharmacy"]]
    made.write(table, report={"formats": ["brief"], "title": scheme}, brand={"name": scheme, "footer": scheme})
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    pdf = (made.folder("A") / "brief.pdf").read_bytes()
    assert b"root:" not in everything_in(pdf)


LAYOUT_BOMBS = {
    "nested tables": "<table><tr><td>" * 400 + "x",
    "very wide table": "<table><tr>" + "<td>x</td>" * 60_000 + "</tr></table>",
    "a million pages": '<div style="break-after:page">x</div>' * 200_000,
    "nested flex": '<div style="display:flex">' * 60 + "x",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUT_BOMBS)
def test_a_layout_bomb_is_ended_by_a_cap(built: RealProject, name: str) -> None:
    built.write(run={"timeout": 6.0, "memory": 1500})
    code, failure, _ = press(built, LAYOUT_BOMBS[name])
    assert (code, failure) in {
        (1, "timeout"), (1, "out-of-memory"), (1, "pdf-layout"), (1, "pdf-incomplete"), (0, ""),
    }  # fmt: skip
    entry = built.account()["markets"]["A"]
    assert entry["seconds"] <= 6.0 * 1.1 + 0.3
