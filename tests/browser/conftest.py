"""Pages in Chromium: every page is watched for errors and outside requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Opener = Callable[..., Any]


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core."""
    import axe_core_python

    return (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens HTML, or a file; at the end no page may have complained or asked for anything."""
    problems: list[str] = []
    contexts: list[Any] = []

    def opener(html: str | Path, *, width: int = 1280, folded: bool = False, **options: Any) -> Any:
        path = html if isinstance(html, Path) else tmp_path / f"page{len(contexts)}.html"
        if isinstance(html, str):
            path.write_text(html, "utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append("dialog"), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else problems.append(r.url))
        page.goto(path.as_uri())
        if not folded:
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert problems == []
