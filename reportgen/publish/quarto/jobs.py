"""The inside of a Quarto worker: one market's pages, or the pages around all of them.

Everything a job needs travels with it; what comes back is hashes and the few numbers that the overview compares, so a
worker that dies costs one market.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.market import QUARTO
from reportgen.batch.site.build import without_detail
from reportgen.batch.state import files
from reportgen.publish.quarto.record import CONFIGURATION, Hashes
from reportgen.report.site.market_line import MarketSummary
from reportgen.results import MarketResults, from_json
from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceJob:
    """One market's pages; plain and picklable."""

    market: str
    slug: str
    results: Path
    project: Path
    settings: Settings
    templates: Path | None
    formats: tuple[str, ...]
    draw: bool
    """False: the pages are up to date and only the line of the overview is wanted."""
    drawn: Hashes
    """Pages that the market's own build has made already, below its folder ``quarto``; empty if there are none."""
    method: bool
    """Also write the method page, which says the same whatever report it is taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSources:
    """What a worker gives back for one market."""

    summary: MarketSummary
    results: MarketResults
    """Without what only a report shows."""
    files: Hashes
    shared: Hashes
    written: int
    check: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteJob:
    """Everything around the markets' pages; plain and picklable."""

    project: Path
    settings: Settings
    templates: Path | None
    formats: tuple[str, ...]
    as_of: str
    summaries: tuple[MarketSummary, ...]
    results: tuple[MarketResults, ...]
    keep_configuration: bool


def write_market(job: SourceJob) -> MarketSources:
    """Draw one market, write its files, and look at them. Runs in a worker."""
    from reportgen.render.quarto import check, market_files, method_file
    from reportgen.report.document import build_report
    from reportgen.report.site.market_line import summarise
    from reportgen.report.words.language import language_of
    from reportgen.report.words.publishing import site_words

    results = from_json(job.results.read_bytes())
    hashes: dict[str, str] = {}
    shared: dict[str, str] = {}
    written = 0
    found: tuple[str, ...] = ()
    content = _drawn(job) if job.draw else None
    settings = job.settings.for_market(results.market)
    report = build_report(results, job.settings) if job.method or (job.draw and content is None) else None
    if job.method and report is not None:
        # The method page stands for all markets, so in the site's language and not in one market's own.
        page = report if settings is job.settings else build_report(results, job.settings.for_site())
        words = site_words(language_of(job.settings.report))
        shared = write_files(job.project, method_file(page, words, templates=job.templates))[0]
    if job.draw and content is None and report is not None:
        words = site_words(language_of(settings.report))
        content = market_files(report, words, job.formats, templates=job.templates)
    if content is not None:
        found = check.check_pages(content, outside=("../../index.qmd",))
        hashes, written = write_files(
            job.project, {f"markets/{job.slug}/{name}": body for name, body in content.items()}
        )
    return MarketSources(
        summary=summarise(results, job.settings, folder=f"markets/{job.slug}", files=("report.html",)),
        results=without_detail(results),
        files=hashes,
        shared=shared,
        written=written,
        check=found,
    )


def _drawn(job: SourceJob) -> dict[str, bytes] | None:
    """Return the pages of the market's own build, if every file is as it was recorded."""
    folder = job.results.parent / QUARTO
    try:
        content = {name: (folder / name).read_bytes() for name in job.drawn}
    except OSError:
        return None
    whole = all(files.sha256_bytes(content[name]) == digest for name, digest in job.drawn.items())
    return content if content and whole else None


def write_site(job: SiteJob) -> Hashes:
    """Write overview, listing, configuration and themes. Runs in a worker."""
    from reportgen.model.across.markets import summarise_markets
    from reportgen.render.quarto import configuration, look_files, overview_files, site_of
    from reportgen.report.site.overview import build_overview
    from reportgen.report.words.language import language_of
    from reportgen.report.words.publishing import site_words

    words = site_words(language_of(job.settings.report))
    across = summarise_markets(job.results, confidence=job.settings.report.confidence)
    page = build_overview(job.summaries, job.settings, as_of=job.as_of, across=across)
    site = site_of(page, words, paper=job.settings.report.paper, formats=job.formats)
    content = {**overview_files(page, words, templates=job.templates), **look_files(site)}
    if not job.keep_configuration:
        content[CONFIGURATION] = configuration(site, templates=job.templates)
    return write_files(job.project, content)[0]


def write_files(folder: Path, content: Mapping[str, bytes]) -> tuple[dict[str, str], int]:
    """Write files that differ from what is there; return all hashes and the number written."""
    hashes, written = {}, 0
    for name, body in content.items():
        hashes[name] = files.sha256_bytes(body)
        path = folder / name
        # By size first: most files that changed have another one, and need not be read.
        if path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.reportgen-{os.getpid()}")
        try:
            draft.write_bytes(body)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        written += 1
    return hashes, written
