"""The data page as a file: written whole or not at all, and never over a file that is not a data page of ours.

A page of ours ends with a seal, the SHA-256 of everything before it: what somebody else wrote, or changed since, has
none that fits, and stays unless it is said that it may go.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.state import files
from reportgen.errors import UsageError, cannot_write
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.results import Finding, MarketProspect, TableFacts

_SEAL = re.compile(rb"<!-- reportgen data page ([0-9a-f]{64}) -->\n\Z")
_REPLACED = ("site", "markets")


def refuse_foreign_file(path: Path, settings: Settings, root: Path, *, overwrite: bool = False) -> None:
    """Raise where a page written to ``path`` could take something away that is not a data page of ours.

    Raises
    ------
    UsageError
        If it is a folder, a link, a file of another origin, the table itself, lies in a folder that a build replaces,
        or its folder is missing. ``overwrite`` lets a file of another origin go, but never the table or a folder.
    """
    shown = path.name
    if path.is_dir():
        raise UsageError(f"--html {shown} is a folder: name a file, for example {shown}/data.html.", code="html-folder")
    if not path.parent.is_dir():
        raise UsageError(f"--html: there is no folder {path.parent.name} to write {shown} to.", code="html-no-folder")
    source = settings.panel.source
    tables = [root / source] if "://" not in source else []
    if any(path.exists() and table.exists() and path.samefile(table) for table in tables):
        raise UsageError(f"--html {shown} is the table itself: name another file.", code="html-is-the-table")
    out = (root / settings.run.out).resolve() if "://" not in settings.run.out else None
    if out is not None and any(path.resolve().is_relative_to(out / name) for name in _REPLACED):
        raise UsageError(
            f"--html {shown} lies in a folder of {out.name} that a build replaces: name a place outside it.",
            code="html-in-output",
        )
    if (path.exists() or path.is_symlink()) and not overwrite and not is_ours(path):
        raise UsageError(
            f"--html: {shown} is there, and it is no data page as reportgen wrote it. Name another file, or say "
            "--overwrite. Nothing was changed.",
            code="html-foreign",
        )


def is_ours(path: Path) -> bool:
    """Whether a file is a data page exactly as this command wrote it."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        content = path.read_bytes()
    except OSError:
        return False
    found = _SEAL.search(content)
    return found is not None and found[1].decode() == hashlib.sha256(content[: found.start()]).hexdigest()


def write_data_page(
    path: Path,
    settings: Settings,
    root: Path,
    content: tuple[TableFacts, Sequence[Finding], Sequence[MarketProspect]],
    *,
    builds: bool,
    overwrite: bool = False,
) -> None:
    """Write the page of a table that was checked.

    Raises
    ------
    UsageError
        As :func:`refuse_foreign_file` does: the file may have come since.
    EnvironmentMissing
        If it cannot be written.
    """
    from reportgen.batch.run_state import resolve_as_of
    from reportgen.render.html import render_overview
    from reportgen.report.datapage.page import build_data_page

    facts, findings, markets = content
    page = build_data_page(facts, findings, markets, settings, builds=builds, as_of=resolve_as_of(settings))
    # The seal's place is the very end, so that cutting it off leaves exactly what was sealed.
    body = render_overview(page, templates=settings.report.template_folder(root)).rstrip().encode() + b"\n"
    seal = f"<!-- reportgen data page {hashlib.sha256(body).hexdigest()} -->\n"
    refuse_foreign_file(path, settings, root, overwrite=overwrite)
    try:
        files.write_atomic(path, body + seal.encode())
    except OSError as error:
        raise cannot_write(path.name, error) from error
