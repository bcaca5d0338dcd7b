"""What is to be done for each market and why: its folder compared with what it would be made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.formats import Formats
from reportgen.batch.market import RESULTS
from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.outcome import Reason
from reportgen.batch.state.run_json import LastRun


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMarket:
    """What is to be done for one market."""

    market: str
    slug: str
    stamp: Fingerprint
    reason: Reason
    formats: tuple[str, ...]
    rows: int
    reuse: bool
    """Only documents changed: results.json is read instead of fitted."""
    record: record.MarketRecord | None
    """Of the complete folder on disk, whatever it was made from."""


def plan_market(
    out: Path,
    market: str,
    stamp: Fingerprint,
    *,
    rows: int,
    formats: Formats,
    last: LastRun,
    force: bool = False,
) -> PlannedMarket:
    """Decide what is to be done for one market by comparing its folder with what it would be made from."""
    slug = files.slug(market)
    folder = out / "markets" / slug
    found = record.read_record(folder)
    # A folder that was copied by hand under another name, or two codes that share eight hex digits of their hash.
    if found is not None and found.market != market:
        found = None
    damaged = record.damaged_files(folder, found) if found is not None else ()
    # What is there stays, unless --only says otherwise: so a build for one format does not take another away.
    wanted = formats.of(found.formats if found is not None else ())
    reason = _reason(folder, found, damaged, stamp, wanted, failed=market in last.failures, force=force)
    if reason == "up-to-date" and formats.only and found is not None and not set(found.formats) <= {*wanted, "results"}:
        reason = "formats-removed"
    # Then only documents can differ, and results.json is taken as it is: nothing is fitted again.
    same_numbers = found is not None and (found.stamp.data, found.stamp.numbers, found.stamp.code) == (
        stamp.data,
        stamp.numbers,
        stamp.code,
    )
    reuse = same_numbers and RESULTS not in damaged and not force
    return PlannedMarket(
        market=market,
        slug=slug,
        stamp=stamp,
        reason=reason,
        formats=wanted,
        rows=rows,
        reuse=reuse,
        record=found if not damaged else None,
    )


def _reason(
    folder: Path,
    found: record.MarketRecord | None,
    damaged: tuple[str, ...],
    stamp: Fingerprint,
    formats: tuple[str, ...],
    *,
    failed: bool,
    force: bool,
) -> Reason:
    old = found.stamp if found is not None else None
    # In the order in which a reader would ask: the first that holds is the reason that is told.
    tests: tuple[tuple[bool, Reason], ...] = (
        (force, "forced"),
        (old is not None and old != stamp and failed, "failed-before"),
        (old is None and failed, "failed-before"),
        (old is None and folder.exists(), "damaged"),
        (old is None, "new"),
        (bool(damaged), "damaged"),
        (old is not None and old.data != stamp.data, "data-changed"),
        (old is not None and (old.numbers, old.documents) != (stamp.numbers, stamp.documents), "settings-changed"),
        (old is not None and old.templates != stamp.templates, "templates-changed"),
        (old is not None and (old.code, old.rendered_by) != (stamp.code, stamp.rendered_by), "code-changed"),
        (found is not None and not set(formats) <= set(found.formats), "formats-added"),
    )
    return next((reason for applies, reason in tests if applies), "up-to-date")
