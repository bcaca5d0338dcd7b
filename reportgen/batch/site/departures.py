"""Markets that are on the site and no longer in the data: which they are, and whether their reports may leave.

An export that lost half its rows looks like a company that closed half its markets. A few may go as they are named;
where more than a stated share is gone, their reports stay, with their date, until somebody confirms it. Their folders
below ``markets`` stay either way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from reportgen.batch.site.build import FOLDER
from reportgen.batch.state import files, record
from reportgen.batch.state.headlines import Headlines
from reportgen.batch.state.outcome import GoneMarkets


def gone_markets(
    out: Path,
    present: Collection[str],
    before: Headlines | None,
    *,
    share: float,
    tell: Callable[[GoneMarkets], None],
    may_leave: Callable[[GoneMarkets], bool],
) -> GoneMarkets | None:
    """Return the markets of the site that are not among ``present``; None if there are none.

    Parameters
    ----------
    present
        Codes of every market of the input, selected in this run or not.
    before
        What the run before remembered: names of markets of a site that was taken away.
    share
        Of the markets on the site; if more are gone, ``may_leave`` is asked, and their reports stay unless it agrees.
    tell
        Told of them before anything is asked.
    """
    on_site = _on_site(out, before)
    names = tuple(sorted(on_site.keys() - set(present)))
    if not names:
        return None
    many = len(names) > share * len(on_site)
    # Only what can be shown again can be kept.
    kept = tuple(name for name in names if on_site[name]) if many else ()
    gone = GoneMarkets(names=names, of=len(on_site), kept=kept)
    tell(gone)
    return replace(gone, kept=()) if kept and may_leave(gone) else gone


def _on_site(out: Path, before: Headlines | None) -> Mapping[str, bool]:
    """Every market that the site shows, by code, and whether its folder is complete and can be shown again."""
    sealed = record.unseal(out / FOLDER / record.NAME) or {}
    # Of what the site was made of, and of what the last run remembered: the site may have been taken away since.
    slugs = {name.split("/")[1] for name in sealed.get("files", {}) if name.startswith("markets/")}
    codes = {files.slug(market): market for market in (before.markets if before is not None else ())}
    found: dict[str, bool] = {}
    for slug in slugs | codes.keys():
        kept = record.read_record(out / "markets" / slug)
        found[kept.market if kept is not None else codes.get(slug, slug)] = kept is not None
    return found
