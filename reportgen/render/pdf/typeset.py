"""PDF by Typst, in process: fixed templates read the document tree and see nothing else.

Templates are ``templates/typst``; a file of the same name in the project's folder wins, and finds ours below
``/reportgen``. Typst reads no file outside the folder of templates, and the door to its packages is closed. PDF/UA-1
is enforced by Typst itself: a figure without a text, a skipped heading or a letter without a glyph is an error.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from reportgen.errors import EnvironmentMissing, RenderError, TemplateError
from reportgen.render.environment import OURS
from reportgen.render.pdf import TYPST_INSTALL, glyphs
from reportgen.render.pdf.structure import add_scopes
from reportgen.render.pdf.tree import as_json, as_tree
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reportgen.report.blocks import MarketReport

STANDARD = "ua-1"
_PLACE = re.compile(r"┌─ (?:.*/)?(\S+?\.typ):(\d+)")
_CLOSED = {"https_proxy": "http://127.0.0.1:0", "HTTPS_PROXY": "http://127.0.0.1:0", "no_proxy": "", "NO_PROXY": ""}
"""Typst fetches packages that a template names, and cannot be told not to; no connection to port 0 is ever made."""


def report_pdf(report: MarketReport, *, templates: Path | None = None) -> bytes:
    """See :func:`reportgen.render.pdf.report_pdf`."""
    return _typeset("report", report, templates)


def brief_pdf(report: MarketReport, *, templates: Path | None = None) -> bytes:
    """See :func:`reportgen.render.pdf.brief_pdf`; the template itself chooses how tightly a page is set."""
    return _typeset("brief", report, templates)


def load() -> Any:
    """Import Typst.

    Raises
    ------
    EnvironmentMissing
        Its wheel is not installed.
    """
    try:
        import typst
    except ImportError:
        raise EnvironmentMissing(
            f'Typst is not installed: {TYPST_INSTALL}, or pdf_engine = "weasyprint".', code="no-typst"
        ) from None
    return typst


def _typeset(name: str, report: MarketReport, templates: Path | None) -> bytes:
    typst = load()
    tree = as_tree(report, brief=name == "brief")
    chosen = glyphs.choose_fonts(as_json(tree))
    made_on = datetime.fromisoformat(report.date_iso).replace(tzinfo=UTC)
    with _folder(templates) as folder, _closed_door():
        compiler = typst.Compiler(
            root=folder, font_paths=chosen.fonts, ignore_system_fonts=True,
            package_path=folder / "packages", package_cache_path=folder / "packages",
        )  # fmt: skip
        inputs = {"document": chosen.text, "fonts": "\n".join(chosen.families)}
        try:
            made: bytes = compiler.compile(
                input=folder / f"{name}.typ", sys_inputs=inputs, pdf_standards=[STANDARD], timestamp=made_on
            )
        except typst.TypstError as error:
            raise _told(error, report.market) from None
    return add_scopes(made, first_cells=True)


def _told(error: Any, market: str) -> Exception:
    """A failure of Typst in our words: whose file and line it was, where it names one."""
    said = str(error.message).rstrip(".")
    place = _PLACE.search(error.diagnostic or "")
    if "failed to download package" in said:
        return TemplateError("Templates of Typst may not fetch packages.", code="template-failed")
    if place:
        return TemplateError(f"{place[1]}, line {place[2]}: {said}.", code="template-failed")
    return RenderError(f"The PDF of {market} cannot be made: {said}.", code="pdf-layout")


@contextmanager
def _folder(templates: Path | None) -> Iterator[Path]:
    """The folder that Typst sees: ours, or a copy in which the project's files win."""
    ours = templates_dir() / "typst"
    own = [] if templates is None else [path for path in sorted(templates.rglob("*.typ")) if path.is_file()]
    if templates is None or not own:
        yield ours
        return
    with TemporaryDirectory(prefix="reportgen-typst-") as name:
        folder = Path(name)
        copytree(ours, folder, dirs_exist_ok=True)
        for path in own:
            place = path.relative_to(templates)
            # A link that leads out of the folder is not followed, and nothing stands in for ours under its other name.
            if path.resolve().is_relative_to(templates.resolve()) and place.parts[0] != OURS:
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                (folder / place).write_bytes(path.read_bytes())
        copytree(ours, folder / OURS)
        yield folder


@contextmanager
def _closed_door() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _CLOSED}
    os.environ.update(_CLOSED)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
