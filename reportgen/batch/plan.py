"""What is to be done for each market and why; and run.json, the account of the last run.

The truth about a market is its own folder (``_OK.json`` and the hashes in it); run.json only adds
what a folder cannot say: failures, and which market hashes belong to which input file. A missing,
torn or altered run.json is therefore never an error: it is not used, and the work is done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reportgen.batch.inputs.shared_decay import Remembered
from reportgen.batch.market import RESULTS
from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import Fingerprint, versions
from reportgen.batch.state.headlines import Headlines, from_plain, to_plain
from reportgen.batch.state.input_index import InputIndex
from reportgen.batch.state.outcome import MarketOutcome, Reason, RunResult

NAME = "run.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What is remembered of the run before, as far as it can be trusted."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    index: InputIndex | None = None
    shared: Remembered | None = None
    """The decay that all markets share, where they do."""
    headlines: Headlines | None = None
    """What lists of markets told, for the list of changes."""


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
    formats: tuple[str, ...],
    last: LastRun,
    force: bool = False,
) -> PlannedMarket:
    """Decide what is to be done for one market by comparing its folder with what it would be made from."""
    slug = files.slug(market)
    folder = out / "markets" / slug
    found = record.read_record(folder)
    if found is not None and found.market != market:
        found = None
    damaged = record.damaged_files(folder, found) if found is not None else ()
    reason = _reason(folder, found, damaged, stamp, formats, failed=market in last.failures, force=force)
    same_numbers = found is not None and (found.stamp.data, found.stamp.numbers, found.stamp.code) == (
        stamp.data,
        stamp.numbers,
        stamp.code,
    )
    reuse = same_numbers and RESULTS not in damaged and not force
    if reason == "formats-added" and found is not None:
        formats = tuple(sorted({*formats, *found.formats}))
    return PlannedMarket(
        market=market,
        slug=slug,
        stamp=stamp,
        reason=reason,
        formats=formats,
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


def read_last_run(out: Path) -> LastRun:
    """Return what the run before left in run.json; nothing at all if the file cannot be trusted."""
    content = record.unseal(out / NAME)
    if content is None or content.get("schema_version") != SCHEMA_VERSION:
        return LastRun()
    try:
        markets = content["markets"]
        index = content["input"]["index"]
        return LastRun(
            statuses={market: entry["status"] for market, entry in markets.items()},
            failures={market: entry["failure"] for market, entry in markets.items() if "failure" in entry},
            index=None if index is None else _index(index),
            shared=_shared(content.get("shared_decay")),
            headlines=from_plain(content.get("headlines")),
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        return LastRun()


def _index(content: Mapping[str, Any]) -> InputIndex:
    return InputIndex(
        key=content["key"],
        markets={market: (entry[0], entry[1]) for market, entry in content["markets"].items()},
        refused={market: (entry[0], entry[1]) for market, entry in content["refused"].items()},
        parts=dict(content.get("parts", {})),
    )


def _shared(content: Mapping[str, Any] | None) -> Remembered | None:
    return None if content is None else Remembered(key=content["key"], content=content["content"])


def write_run(
    out: Path,
    result: RunResult,
    *,
    last: LastRun,
    run_stamp: Fingerprint,
    source: str,
    index: InputIndex | None,
    shared: Remembered | None = None,
    headlines: Headlines | None = None,
) -> None:
    """Write run.json: versions, hashes, and the state of every market of the input."""
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": result.exit_code,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 3),
        "versions": versions(),
        "fingerprint": {key: value for key, value in asdict(run_stamp).items() if key != "data"},
        "input": {
            "source": source,
            "index": None if index is None else asdict(index),
        },
        "shared_decay": None if shared is None else asdict(shared),
        "headlines": to_plain(headlines),
        "warnings": list(result.warnings),
        "site_error": result.site_error,
        "site": None if result.index is None else result.index.relative_to(result.out).as_posix(),
        "markets": {outcome.market: _entry(outcome, result.out, last) for outcome in result.markets},
    }
    for market in sorted(set(last.failures) - set(content["markets"])):
        if index is not None and market in index.markets:
            failure = dict(last.failures[market])
            content["markets"][market] = {"slug": files.slug(market), "status": "failed", "failure": failure}
    files.write_atomic(out / NAME, record.seal(content))


def _entry(outcome: MarketOutcome, out: Path, last: LastRun) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "slug": outcome.slug,
        "status": outcome.status,
        "action": outcome.action,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "attempts": outcome.attempts,
    }
    if outcome.headline is not None:
        entry["verdict"] = outcome.headline.verdict
    found = record.read_record(out / "markets" / outcome.slug)
    entry["files"] = [name for name, _ in found.files] if found is not None else []
    if outcome.action == "failed":
        entry["failure"] = {"code": outcome.code, "message": outcome.message}
    elif outcome.action == "not-run" and outcome.market in last.failures:
        entry |= {"status": "failed", "failure": dict(last.failures[outcome.market])}
    if outcome.stale_since:
        entry["stale_since"] = outcome.stale_since
    return entry
