"""The Quarto project of a run: a page per complete market, the pages around them, and a record of what was written.

Starts at results.json, like ``render``: each market is drawn in a worker and its files are written there, so pages
depend on nothing but their own results and a market that fails costs one page. What is unchanged is not written again,
which keeps its modification time and with it Quarto's own idea of what to render. ``program.py`` runs the
program.

Files are replaced one by one, without waiting for the disk: a project can be made again at any time, and the sealed
record says which files are whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.batch.market import QUARTO, RESULTS
from reportgen.batch.request import Request
from reportgen.batch.state import files
from reportgen.batch.state.fingerprint import Fingerprint, fingerprint, hash_strings
from reportgen.batch.state.lock import hold_lock
from reportgen.batch.state.outcome import MarketOutcome, Progress, Silent
from reportgen.batch.state.ownership import refuse_foreign_pages
from reportgen.batch.state.record import MarketRecord, complete_markets
from reportgen.batch.workers import pool
from reportgen.errors import NothingSelectedError, UsageError, cannot_write
from reportgen.publish.quarto.jobs import MarketSources, SiteJob, SourceJob, write_market, write_site
from reportgen.publish.quarto.record import CONFIGURATION, NAME, Hashes, Written, page_names, read_written
from reportgen.settings.sections import Settings

FORMATS = ("html", "typst", "pdf")
DEFAULT_FORMATS = ("html", "typst")
FOLDER = "quarto"
"""Default name of the project below the output folder."""
_SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPage:
    """A market whose pages could not be written or rendered."""

    market: str
    page: str
    code: str
    message: str
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What ``reportgen quarto`` wrote."""

    folder: Path
    markets: int
    """Markets that have pages now."""
    drawn: int
    failed: tuple[FailedPage, ...]
    seconds: float
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    """Every page of the project, relative to it."""

    @property
    def exit_code(self) -> int:
        """1 if a page is missing, else 0."""
        return 1 if self.failed else 0


def choose_formats(to: str) -> tuple[str, ...]:
    """Return the page formats of ``--to``: a comma list of html, typst, pdf.

    Raises
    ------
    UsageError
        If a format is unknown.
    """
    wanted = dict.fromkeys(part.strip().lower() for part in to.split(",") if part.strip())
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise UsageError(f"--to {to}: use some of {', '.join(FORMATS)}.", code="unknown-format")
    return tuple(name for name in FORMATS if name in wanted)


def write_sources(
    settings: Settings,
    root: Path,
    project: Path,
    request: Request | None = None,
    *,
    formats: tuple[str, ...] = DEFAULT_FORMATS,
    progress: Progress | None = None,
) -> Sources:
    """Write or refresh the Quarto project of a run.

    Parameters
    ----------
    project
        Folder of the Quarto project; a ``_quarto.yml`` that somebody edited stays as it is.
    request
        Markets to draw (pages of others stay); ``force``: those that are up to date, too.
    formats
        What each page's front matter declares.

    Raises
    ------
    NothingSelectedError
        If no market has results, or none matches.
    LockedError, EnvironmentMissing
        If another run writes to the folder, or it cannot be written.
    """
    start = time.monotonic()
    request = request or Request()
    refuse_foreign_pages(settings, root, project, record_name=NAME)
    complete = _complete(root / settings.run.out)
    statuses = {market: found.headline.status for market, found in complete.items()}
    chosen = request.markets(tuple(complete), statuses)
    with hold_lock(project):
        try:
            run = _Writing(settings, root, project, formats, complete, progress or Silent(), request.force)
            return run.write(chosen, start)
        except OSError as error:
            raise cannot_write(project.name, error) from error


def _complete(out: Path) -> dict[str, MarketRecord]:
    found = complete_markets(out)
    if not found:
        raise NothingSelectedError(f"{out.name}: there are no results yet. Build first.", code="nothing-built")
    return found


class _Writing:
    """One run of :func:`write_sources`."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        project: Path,
        formats: tuple[str, ...],
        complete: Mapping[str, MarketRecord],
        progress: Progress,
        force: bool,
    ) -> None:
        self.settings, self.root, self.project, self.formats = settings, root, project, formats
        self.complete, self.progress, self.force = complete, progress, force
        self.stamp: Fingerprint = fingerprint(settings, root)
        self.last = read_written(project)
        self.failed: list[FailedPage] = []
        self.warnings: list[str] = []
        self.templates = settings.report.template_folder(root)

    def write(self, chosen: Sequence[str], start: float) -> Sources:
        """Draw what changed, then the pages around it, and record both."""
        now = Written(formats=self.formats, rendered=dict(self.last.rendered))
        members = self._members(chosen)
        stale = {m for m in chosen if self.force or not self._is_current(m)}
        gone = set(self.last.markets) - {self.complete[m].slug for m in members}
        site_stamp = self._site_stamp(members)
        site_files = self.last.site.get("files", {})
        whole = self.last.site.get("stamp") == site_stamp and self._intact(site_files) and not (stale or gone)
        if whole and self.last.formats == self.formats:
            return self._sources(self.last, drawn=0, start=start)
        self.progress.started(len(stale), len(members) - len(stale))
        made = dict(self._draw(members, stale))
        shared: dict[str, str] = {}
        for market in members:
            slug = self.complete[market].slug
            if market in made:
                shared |= made[market].shared
                hashes = made[market].files if market in stale else self.last.markets[slug]["files"]
                stamp = "" if market in self._failed_markets() else self._stamp(market)
                now.markets[slug] = {"market": market, "stamp": stamp, "files": dict(hashes)}
            elif slug in self.last.markets:
                # The pages from before stay; without a stamp the next run draws the market again.
                now.markets[slug] = {**self.last.markets[slug], "stamp": ""}
        self.progress.stage("site")
        hashes = self._site([made[market] for market in members if market in made])
        if hashes is not None:
            now.site = {"stamp": "" if self.failed else site_stamp, "files": {**shared, **hashes}}
        else:
            now.site = {"stamp": "", "files": site_files}
        self._clear(now)
        now.save(self.project)
        return self._sources(now, drawn=sum(market in made for market in stale), start=start)

    def _members(self, chosen: Sequence[str]) -> list[str]:
        """Markets the project will have: those drawn now, and those with pages from before."""
        return [m for m, kept in self.complete.items() if m in set(chosen) or kept.slug in self.last.markets]

    def _stamp(self, market: str) -> str:
        results = dict(self.complete[market].files).get(RESULTS, "")
        stamp = self.stamp
        return hash_strings((results, stamp.documents, stamp.templates, stamp.code, *self.formats))

    def _site_stamp(self, members: Sequence[str]) -> str:
        stamp = self.stamp
        return hash_strings((stamp.documents, stamp.templates, stamp.code, *map(self._stamp, members)))

    def _is_current(self, market: str) -> bool:
        kept = self.last.markets.get(self.complete[market].slug, {})
        return kept.get("stamp") == self._stamp(market) and self._intact(kept.get("files", {}))

    def _intact(self, hashes: Hashes) -> bool:
        """Whether files are as they were written; the configuration may be edited, but not be missing."""
        try:
            return bool(hashes) and all(
                (self.project / name).is_file()
                if name == CONFIGURATION
                else files.sha256_file(self.project / name) == digest
                for name, digest in hashes.items()
            )
        except OSError:
            return False

    def _draw(self, members: Sequence[str], stale: set[str]) -> Iterator[tuple[str, MarketSources]]:
        """Draw stale markets in workers; of the others only the line of the overview is read."""
        first = next((m for m in members if self.complete[m].headline.effect is not None), members[0])
        jobs = min(self.settings.run.jobs or pool.cores(), len(members))
        limits = pool.Limits(timeout=self.settings.run.timeout, memory=self.settings.run.memory)
        tasks = (pool.Task(key=m, argument=self._job(m, draw=m in stale, method=m == first)) for m in members)
        ended = pool.run_tasks(write_market, tasks, jobs=jobs, limits=limits)
        try:
            for done in ended:
                failure, slug = done.answer.failure, self.complete[done.key].slug
                outcome = MarketOutcome(
                    market=done.key, slug=slug, action="built", reason="data-changed", seconds=done.answer.seconds,
                    headline=self.complete[done.key].headline,
                )  # fmt: skip
                if failure is not None:
                    page = f"markets/{slug}/index.qmd"
                    self._fail(done.key, page, failure.code, failure.message, failure.trace)
                    outcome = replace(outcome, action="failed", code=failure.code, message=failure.message)
                elif done.answer.value.check:
                    found = " ".join(done.answer.value.check[:3])
                    self._fail(done.key, f"markets/{slug}/index.qmd", "page-invalid", found)
                if failure is None:
                    yield done.key, done.answer.value
                if done.key in stale:
                    self.progress.market_done(outcome)
        finally:
            ended.close()

    def _fail(self, market: str, page: str, code: str, message: str, trace: str = "") -> None:
        self.failed.append(FailedPage(market=market, page=page, code=code, message=message, trace=trace))

    def _failed_markets(self) -> set[str]:
        return {page.market for page in self.failed}

    def _job(self, market: str, *, draw: bool, method: bool) -> SourceJob:
        kept = self.complete[market]
        folder = self.root / self.settings.run.out / "markets" / kept.slug
        return SourceJob(
            market=market, slug=kept.slug, results=folder / RESULTS, project=self.project, settings=self.settings,
            templates=self.templates, formats=self.formats, draw=draw, method=method,
            drawn=self._drawn(kept),
        )  # fmt: skip

    def _drawn(self, kept: MarketRecord) -> Hashes:
        """Pages that a build with the format ``quarto`` has left, if they are what this run would draw."""
        now, then = self.stamp, kept.stamp
        same = (now.documents, now.templates, now.code) == (then.documents, then.templates, then.code)
        if not same or self.formats != DEFAULT_FORMATS:
            return {}
        start = f"{QUARTO}/"
        return {name.removeprefix(start): digest for name, digest in kept.files if name.startswith(start)}

    def _site(self, made: Sequence[MarketSources]) -> Hashes | None:
        """Write the pages around the markets in a worker."""
        if not made:
            return None
        job = SiteJob(
            project=self.project,
            settings=self.settings,
            templates=self.templates,
            formats=self.formats,
            as_of=max(sources.results.provenance.as_of for sources in made),
            summaries=tuple(sources.summary for sources in made),
            results=tuple(sources.results for sources in made),
            keep_configuration=self._configuration_is_edited(),
        )
        (done,) = pool.run_tasks(write_site, [pool.Task(key=_SITE, argument=job)], jobs=1)
        if done.answer.failure is not None:
            failure = done.answer.failure
            self._fail("", "index.qmd", failure.code, failure.message, failure.trace)
            return None
        hashes: Hashes = done.answer.value
        return hashes

    def _configuration_is_edited(self) -> bool:
        path = self.project / CONFIGURATION
        if not path.is_file():
            return False
        # As we wrote it: then it may be written again. Anything else is somebody's work.
        if self.last.site.get("files", {}).get(CONFIGURATION) == files.sha256_file(path):
            return False
        self.warnings.append(f"{CONFIGURATION} is not as it was written, or not ours: it stays as it is.")
        return True

    def _clear(self, now: Written) -> None:
        """Remove files that the record had and no longer has."""
        kept = {name for entry in now.markets.values() for name in entry["files"]} | set(now.site["files"])
        before = {name for entry in self.last.markets.values() for name in entry["files"]}
        before |= set(self.last.site.get("files", {})) - {CONFIGURATION}
        for name in sorted(before - kept, reverse=True):
            path = self.project / name
            path.unlink(missing_ok=True)
            # Folders that the last file has left go as well, up to the project's own.
            for folder in path.parents:
                if folder == self.project or any(folder.iterdir()):
                    break
                folder.rmdir()
        pages = set(kept)
        now.rendered = {page: digest for page, digest in now.rendered.items() if page in pages}

    def _sources(self, now: Written, *, drawn: int, start: float) -> Sources:
        return Sources(
            folder=self.project,
            markets=len(now.markets),
            drawn=drawn,
            failed=tuple(self.failed),
            seconds=time.monotonic() - start,
            warnings=tuple(self.warnings),
            pages=page_names(now),
        )
