"""out/site: the pages over all markets, with relative links to the markets' own documents.

Pages are small and rebuilt whole; each is written under a temporary name and renamed, so a page at its final
path is complete. Numbers come from ``report/overview.py``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reportgen.render.html import render_overview
from reportgen.report.overview import build_overview

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reportgen.config import Settings
    from reportgen.report.overview import MarketSummary
    from reportgen.results_markets import OverviewResults


def site_files(
    summaries: Sequence[MarketSummary],
    settings: Settings,
    *,
    as_of: str,
    across: OverviewResults | None = None,
    overrides: str = "",
) -> dict[str, bytes]:
    """Content of the site by file name; ``index.html`` first."""
    pages = build_overview(summaries, settings, as_of=as_of, across=across)
    names = ["index.html", *(f"page-{i}.html" for i in range(2, len(pages) + 1))]
    return {name: render_overview(page, overrides=overrides).encode() for name, page in zip(names, pages, strict=True)}


def write_site(
    out: Path,
    summaries: Sequence[MarketSummary],
    settings: Settings,
    *,
    as_of: str,
    across: OverviewResults | None = None,
    overrides: str = "",
    write: Callable[[Path, bytes], None] | None = None,
) -> Path:
    """Write ``out/site`` and return the page to open.

    Parameters
    ----------
    across
        What was estimated across markets, for the charts above the table.
    overrides
        Folder of template overrides.
    out
        The run's output folder; market folders lie beside ``site``.
    write
        How one file is written; by default atomically.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    folder = out / "site"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in site_files(summaries, settings, as_of=as_of, across=across, overrides=overrides).items():
        (write or _write)(folder / name, content)
    return folder / "index.html"


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".new-{path.name}-{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
