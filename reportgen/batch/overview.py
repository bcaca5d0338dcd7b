"""The site over all markets, built from complete market folders only, and only when something changed.

Numbers across markets are made in ``model/markets.py``, words in ``report/``, pages in ``render/``;
this module collects what they need. The work is done in a worker, which has everything loaded; the
results are read one by one and let go except for what is compared across markets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.batch import engine, files, record
from reportgen.batch.fingerprint import Fingerprint, hash_strings
from reportgen.batch.worker import Failure
from reportgen.config import Settings
from reportgen.results import Charts, MarketResults, from_json

FOLDER = "site"
_DOCUMENTS = ("report.html", "report.pdf", "brief.pdf", "report.xlsx")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMarket:
    """A market whose last build failed; ``stale_since`` dates the report it still has, ISO or empty."""

    code: str
    message: str
    stale_since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """Whether the site had to be built, and what went wrong if it could not be."""

    changed: bool
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteJob:
    """Everything the site is built from; plain and picklable."""

    out: Path
    root: Path
    settings: Settings
    as_of: str
    complete: tuple[str, ...]
    """Slugs of complete market folders."""
    failed: Mapping[str, FailedMarket]
    stamp: str


def refresh_site(
    out: Path,
    root: Path,
    settings: Settings,
    *,
    as_of: str,
    markets: tuple[str, ...],
    failed: Mapping[str, FailedMarket],
    run_stamp: Fingerprint,
) -> SiteState:
    """Build the site unless it is up to date.

    Parameters
    ----------
    markets
        Codes of every market of the input, selected in this run or not.

    """
    hashes = {}
    for market in markets:
        slug = files.slug(market)
        if record.read_record(out / "markets" / slug) is not None:
            hashes[slug] = files.sha256_file(out / "markets" / slug / record.NAME)
    troubles = [f"{market}:{entry}" for market, entry in sorted(failed.items())]
    parts = [f"{slug}:{digest}" for slug, digest in sorted(hashes.items())]
    stamp = hash_strings((run_stamp.documents, run_stamp.templates, run_stamp.code, *parts, *troubles))
    if _is_up_to_date(out / FOLDER, stamp) or not (hashes or failed):
        return SiteState(changed=False)
    job = SiteJob(
        out=out, root=root, settings=settings, as_of=as_of, complete=tuple(sorted(hashes)), failed=failed, stamp=stamp
    )
    (done,) = engine.run_tasks(build_site, [engine.Task(key=FOLDER, argument=job)], jobs=1)
    return SiteState(changed=True, failure=done.answer.failure)


def build_site(job: SiteJob) -> None:
    """Write every page of the site, remove pages it no longer has, and seal it. Runs in a worker."""
    from reportgen.model.markets import summarise_markets
    from reportgen.render.site import write_site
    from reportgen.report.overview import failed_market, summarise

    summaries = []
    slim = []
    for slug in job.complete:
        folder = job.out / "markets" / slug
        results = from_json((folder / "results.json").read_bytes())
        present = [name for name in _DOCUMENTS if (folder / name).is_file()]
        summary = summarise(results, job.settings, folder=f"markets/{slug}", files=present)
        trouble = job.failed.get(results.market)
        if trouble is not None:
            summary = replace(summary, reason=f"{summary.reason} {trouble.message}".strip(), status="stale")
        summaries.append(summary)
        slim.append(without_detail(results))
    reported = {results.market for results in slim}
    missing = {market: trouble for market, trouble in job.failed.items() if market not in reported}
    summaries += [failed_market(market, trouble.message) for market, trouble in missing.items()]
    across = summarise_markets(
        slim,
        failed=[(market, trouble.code) for market, trouble in missing.items()],
        confidence=job.settings.report.confidence,
    )
    written: dict[str, str] = {}

    def write(path: Path, content: bytes) -> None:
        files.write_atomic(path, content)
        written[path.name] = files.sha256_bytes(content)

    chosen = job.settings.report.templates
    overrides = str(job.root / chosen) if chosen else ""
    write_site(job.out, summaries, job.settings, as_of=job.as_of, across=across, overrides=overrides, write=write)
    folder = job.out / FOLDER
    for path in folder.iterdir():
        if path.name not in written and path.name != record.NAME:
            files.discard(path)
    files.write_atomic(folder / record.NAME, record.seal({"stamp": job.stamp, "files": written}))


def _is_up_to_date(folder: Path, stamp: str) -> bool:
    content = record.unseal(folder / record.NAME)
    if content is None or content.get("stamp") != stamp:
        return False
    try:
        return all(files.sha256_file(folder / name) == digest for name, digest in content["files"].items())
    except (OSError, KeyError, AttributeError):
        return False


def without_detail(results: MarketResults) -> MarketResults:
    """Drop what the comparison across markets does not read: most of the memory."""
    return replace(results, pharmacies=(), charts=Charts(), impulse=())
