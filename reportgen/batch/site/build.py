"""The files of out/site: a folder that can be published as it is.

It holds the pages around the reports and every market's documents, so nothing in it points outside. Documents are hard
links where the file system has them and copies elsewhere; ``report.html`` becomes a page of the site by its head. The
folder is made anew beside the old one and swapped in whole; pages that did not change are links to the old ones. Files
of the markets are not flushed to disk one by one: they can be made again at any time, and the sealed record says which
are whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.state import files, record, swap
from reportgen.batch.state.fingerprint import hash_strings
from reportgen.results import Charts, MarketResults, from_json
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.batch.site.tables import SiteTables
    from reportgen.report.site.changes import Changes
    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.site.overview import Download, Overview
    from reportgen.results import OverviewResults

FOLDER = "site"
PAGE = "report.html"
SLIDES = "slides.pptx"
"""Of a market, and of all of them beside the page over all markets."""
DOCUMENTS = (PAGE, "report.pdf", "brief.pdf", "report.xlsx", SLIDES, "results.json")
"""Of a market, as far as they exist."""
GONE = "gone"
"""Code of a market whose report is kept although the data no longer have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMarket:
    """A market whose last build failed; ``stale_since`` dates the report it still has, ISO or empty."""

    code: str
    message: str
    stale_since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMarket:
    """A complete market folder; ``hashes`` by file name."""

    market: str
    slug: str
    as_of: str
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteJob:
    """Everything the site is built from; plain and picklable."""

    out: Path
    root: Path
    settings: Settings
    as_of: str
    markets: tuple[SiteMarket, ...]
    """Sorted by code: the order of *previous* and *next*."""
    failed: Mapping[str, FailedMarket]
    changes: Changes | None
    stamp: str


@dataclass(frozen=True, slots=True)
class _Collected:
    """What is kept of all markets once their results were read."""

    summaries: tuple[MarketSummary, ...]
    across: OverviewResults
    downloads: tuple[Download, ...]
    pharmacies: Mapping[str, tuple[str, ...]]
    sample: MarketResults | None


def build_site(job: SiteJob) -> None:
    """Write every file of the site, seal it, and swap it in. Runs in a worker.

    Raises
    ------
    ReportgenError
        If results or a template cannot be used; the old site stays.
    """
    folder = swap.draft_folder(job.out, FOLDER)
    try:
        _fill(job, folder)
        swap.swap_in(folder, job.out, FOLDER, deep=False)
    except BaseException:
        files.discard(folder)
        raise


def is_up_to_date(folder: Path, stamp: str, whole: Mapping[str, str]) -> bool:
    """Whether a site was made from what ``stamp`` says, and every file of it is whole.

    ``whole`` are hashes of files beside ``folder`` that were compared with them already: a second name of one of these
    is not read again.
    """
    content = record.unseal(folder / record.NAME)
    if content is None or content.get("stamp") != stamp:
        return False

    def is_whole(item: tuple[str, str]) -> bool:
        name, digest = item
        # samefile compares device and inode: a hard link of a file that was hashed in this run is not hashed again.
        known = whole.get(name) == digest and (folder / name).samefile(folder.parent / name)
        return known or files.sha256_file(folder / name) == digest

    try:
        return all(files.in_threads(is_whole, list(content["files"].items())))
    except (OSError, KeyError, AttributeError):
        return False


def without_detail(results: MarketResults) -> MarketResults:
    """Drop what the comparison across markets does not read: nine tenths of the memory."""
    return replace(
        results, pharmacies=(), charts=Charts(), impulse=(), fit=None, variances=(), correlations=(), r2=None,
        quality=None, plain=None, within=None, slope_test=None, bootstrap=None, decay=None, more_decays=(),
        channels=(), what_if=(), sensitivity=(), ordinary=None,
        plan=None if results.plan is None else replace(results.plan, rows=()),
    )  # fmt: skip


def _fill(job: SiteJob, folder: Path) -> None:
    from reportgen.render.site import SITEMAP, site_files, sitemap
    from reportgen.report.site.site_pages import INDEX, build_pages
    from reportgen.results import to_json

    written: dict[str, str] = {}
    templates = job.settings.report.template_folder(job.root)
    from reportgen.batch.site.tables import FOLDER as DATA
    from reportgen.batch.site.tables import SiteTables

    with SiteTables(folder / DATA) as tables:
        found = _collect(job, tables)
    (folder / DATA / "overview.json").write_bytes(to_json(found.across))
    for path in sorted((folder / DATA).iterdir()):
        written[f"{DATA}/{path.name}"] = files.sha256_file(path)
    pages = build_pages(
        found.summaries, job.settings, as_of=job.as_of, across=found.across, changes=job.changes,
        downloads=found.downloads, sample=found.sample, pharmacies=found.pharmacies,
        slides=SLIDES if _with_slides(job) else "",
    )  # fmt: skip
    content = site_files(pages, templates=templates)
    # Before the pages are written: the sitemap lists the reports that are put in place here.
    keys = dict(_market_files(job, folder, found.summaries, written))
    if job.settings.report.site_url:
        reports = [name for name in written if name.endswith(f"/{PAGE}")]
        addresses = ["", *(name for name in content if name not in (INDEX, "404.html")), *sorted(reports)]
        content[SITEMAP] = sitemap(job.settings.report.site_url, addresses, job.as_of)
    if _with_slides(job):
        content[SLIDES] = _slides(job, pages[INDEX], found)
    for name, body in content.items():
        files.write_new(folder / name, body)
        written[name] = files.sha256_bytes(body)
    if job.settings.report.search == "pagefind":
        from reportgen.batch.site.full_text import index_pages

        written |= index_pages(folder)
    sealed = {"stamp": job.stamp, "files": dict(sorted(written.items())), "pages": keys}
    files.write_new(folder / record.NAME, record.seal(sealed))


def _with_slides(job: SiteJob) -> bool:
    """Whether any market has slides, and the library that writes them is here."""
    from reportgen.render.slides.package import slides_missing

    return any(SLIDES in one.hashes for one in job.markets) and not slides_missing()


def _slides(job: SiteJob, overview: Overview, found: _Collected) -> bytes:
    from reportgen.render.slides.pages import render_deck
    from reportgen.report.slides.across import build_across

    deck = build_across(overview, found.summaries, found.across, job.settings.for_site())
    return render_deck(deck, template=job.settings.brand.slides_template(job.root))


def _collect(job: SiteJob, tables: SiteTables) -> _Collected:
    """Read the results one by one; keep what the pages need."""
    from reportgen.model.across.markets import summarise_markets
    from reportgen.report.site.market_line import failed_market, summarise
    from reportgen.report.words.language import language_of

    say = language_of(job.settings.report).gettext
    summaries: list[MarketSummary] = []
    slim: list[MarketResults] = []
    sample: MarketResults | None = None
    pharmacies: dict[str, tuple[str, ...]] = {}
    changed = {entry.market for entry in job.changes.entries} if job.changes else set()
    for one in job.markets:
        results = from_json((job.out / "markets" / one.slug / "results.json").read_bytes())
        present = [name for name in DOCUMENTS if name in one.hashes]
        summary = summarise(results, job.settings, folder=f"markets/{one.slug}", files=present)
        trouble = job.failed.get(one.market)
        if trouble is not None:
            why = (
                say("No longer in the data; the report stays until that is confirmed.")
                if trouble.code == GONE
                else trouble.message
            )
            summary = replace(summary, stale_since=trouble.stale_since or one.as_of, trouble=why)
        summaries.append(replace(summary, changed=one.market in changed))
        pharmacies[one.market] = tuple(row.pharmacy for row in results.pharmacies)
        slim.append(without_detail(results))
        sample = sample or results
        tables.add(results)
    missing = {market: trouble for market, trouble in job.failed.items() if market not in {s.market for s in summaries}}
    summaries += [failed_market(market, trouble.message) for market, trouble in missing.items()]
    across = summarise_markets(
        slim,
        failed=[(market, trouble.code) for market, trouble in missing.items()],
        confidence=job.settings.report.confidence,
    )
    downloads = tables.finish(summaries, across)
    return _Collected(tuple(summaries), across, downloads, pharmacies, sample)


# --- the markets' own files -------------------------------------------------------------------


def _market_files(
    job: SiteJob, folder: Path, summaries: tuple[MarketSummary, ...], written: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Put every market's documents in place; yield what each report's page was made from."""
    old = record.unseal(job.out / FOLDER / record.NAME) or {}
    by_market = {summary.market: summary for summary in summaries}
    readable = [one for one in job.markets if set(one.hashes) & set(DOCUMENTS)]
    for place, one in enumerate(readable):
        around = [readable[i].market if 0 <= i < len(readable) else "" for i in (place - 1, place + 1)]
        before, after = (by_market.get(market) for market in around)
        source, target = job.out / "markets" / one.slug, folder / "markets" / one.slug
        target.mkdir(parents=True)
        for name in DOCUMENTS:
            if name in one.hashes and name != PAGE:
                _link(source / name, target / name)
                written[f"markets/{one.slug}/{name}"] = one.hashes[name]
        if PAGE in one.hashes:
            name = f"markets/{one.slug}/{PAGE}"
            key, written[name] = _page(job, one, (by_market[one.market], before, after), target / PAGE, old)
            yield one.slug, key


def _page(
    job: SiteJob,
    one: SiteMarket,
    lines: tuple[MarketSummary, MarketSummary | None, MarketSummary | None],
    target: Path,
    old: Mapping[str, Mapping[str, str]],
) -> tuple[str, str]:
    """Write one report as a page of the site, or take the old page; return what it is made from, and its hash."""
    from reportgen.render.site import insert, navigation
    from reportgen.report.site.site_pages import build_navigation

    name = f"markets/{one.slug}/{PAGE}"
    head = navigation(build_navigation(*lines, job.settings), templates=job.settings.report.template_folder(job.root))
    key = hash_strings((one.hashes[PAGE], head))
    previous = job.out / FOLDER / name
    digest = old.get("files", {}).get(name, "")
    # The same report with the same neighbours: the page of the site that is being replaced is taken over.
    if old.get("pages", {}).get(one.slug) == key and digest and _whole(previous, digest):
        _link(previous, target)
        return key, digest
    content = insert((job.out / "markets" / one.slug / PAGE).read_bytes(), head)
    target.write_bytes(content)
    return key, files.sha256_bytes(content)


def _whole(path: Path, digest: str) -> bool:
    try:
        return files.sha256_file(path) == digest
    except OSError:
        return False


def _link(source: Path, target: Path) -> None:
    """A second name of the same file, or a copy where the file system has no such thing."""
    try:
        # A second name costs no space and no copying. Market folders are replaced, never written into, so the site's
        # name keeps the bytes it was built with.
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
