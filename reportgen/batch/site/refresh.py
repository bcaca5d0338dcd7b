"""The site over all markets, built from complete market folders only, and only when something changed.

Whether anything changed is decided here, from the markets' records alone; ``build.py`` does the work, in a worker,
which has everything loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from reportgen.batch.site.build import DOCUMENTS, FOLDER, FailedMarket, SiteJob, SiteMarket, build_site, is_up_to_date
from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import Fingerprint, hash_strings
from reportgen.batch.state.headlines import Headlines, headlines
from reportgen.batch.workers import pool
from reportgen.batch.workers.worker import Failure
from reportgen.settings.sections import Settings

__all__ = ["FOLDER", "FailedMarket", "SiteState", "refresh_site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """Whether the site had to be built, and what went wrong if it could not be."""

    changed: bool
    failure: Failure | None = None
    headlines: Headlines | None = None
    """What is remembered of all markets, for the next run's list of changes."""


def refresh_site(
    out: Path,
    root: Path,
    settings: Settings,
    *,
    as_of: str,
    markets: tuple[str, ...],
    failed: Mapping[str, FailedMarket],
    run_stamp: Fingerprint,
    before: Headlines | None = None,
    verified: Mapping[str, record.MarketRecord] = MappingProxyType({}),
) -> SiteState:
    """Build the site unless it is up to date.

    Parameters
    ----------
    markets
        Codes of every market of the input, selected in this run or not.
    before
        What the run before remembered.
    verified
        Records of markets whose every file this run has compared with its hash: they are not read again.
    """
    records, parts = _complete(out, markets, verified)
    troubles = [f"{market}:{entry}" for market, entry in sorted(failed.items())]
    address = f"{settings.report.site_url} {settings.report.search}"
    stamp = hash_strings((run_stamp.documents, run_stamp.templates, run_stamp.code, address, *parts, *troubles))
    now = headlines(records, failed, as_of=as_of, numbers=run_stamp.numbers, before=before)
    whole = {f"markets/{found.slug}/{name}": digest for found in verified.values() for name, digest in found.files}
    if is_up_to_date(out / FOLDER, stamp, whole) or not (records or failed):
        return SiteState(changed=False, headlines=before or now)
    job = SiteJob(
        out=out,
        root=root,
        settings=settings,
        as_of=as_of,
        markets=tuple(_site_market(found) for found in records.values()),
        failed=failed,
        changes=now.changes,
        stamp=stamp,
    )
    # In a worker, for its memory and its loaded libraries; no limit, since a site over a thousand markets takes its
    # time.
    (done,) = pool.run_tasks(build_site, [pool.Task(key=FOLDER, argument=job)], jobs=1)
    failure = done.answer.failure
    return SiteState(changed=True, failure=failure, headlines=now if failure is None else before)


def _complete(
    out: Path, markets: tuple[str, ...], verified: Mapping[str, record.MarketRecord]
) -> tuple[dict[str, record.MarketRecord], list[str]]:
    """Records of the complete markets by code, sorted, and the hashes of these records."""
    folders = {market: out / "markets" / files.slug(market) for market in sorted(markets)}

    def read(market: str) -> record.MarketRecord | None:
        return verified.get(market) or record.read_record(folders[market])

    found = zip(folders, files.in_threads(read, list(folders)), strict=True)
    records = {market: kept for market, kept in found if kept is not None}
    return records, [f"{folders[m].name}:{files.sha256_file(folders[m] / record.NAME)}" for m in records]


def _site_market(found: record.MarketRecord) -> SiteMarket:
    hashes = {name: digest for name, digest in found.files if name in DOCUMENTS}
    return SiteMarket(market=found.market, slug=found.slug, as_of=found.as_of, hashes=hashes)
