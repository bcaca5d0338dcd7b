"""The state of a run and its end: the site where something changed, run.json, the result.

A run that did nothing writes nothing. run.json is written last, after everything it speaks of.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen.batch import plan as manifest
from reportgen.batch.inputs.shared_decay import Remembered
from reportgen.batch.inputs.source import Markets
from reportgen.batch.plan import LastRun
from reportgen.batch.shard import FOLDER, Shard
from reportgen.batch.site import refresh as overview
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.outcome import MarketOutcome, Progress, RunResult
from reportgen.batch.state.record import MarketRecord
from reportgen.errors import EnvironmentMissing
from reportgen.settings.sections import Settings

Work = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the caller wants of this run beyond the settings."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    fail_fast: bool = False
    max_failures: int = 0
    """Stop after this many failed markets; 0: never."""
    shard: Shard | None = None
    """Build only the markets of this part, in a folder of its own."""
    scheduler: str = ""
    """Address of a Dask scheduler; empty: processes on this machine."""


@dataclass(slots=True)
class Run:
    """The state of a run while it is going on."""

    settings: Settings
    root: Path
    request: Request
    progress: Progress
    work: Work
    source: Markets = field(init=False)
    last: LastRun = field(default_factory=LastRun)
    stamp: Fingerprint = field(init=False)
    shared: Remembered | None = None
    """The decay that all markets share, where they do."""
    outcomes: dict[str, MarketOutcome] = field(default_factory=dict)
    verified: dict[str, MarketRecord] = field(default_factory=dict)
    """Markets that are up to date, every file of them compared with its hash."""
    warnings: list[str] = field(default_factory=list)
    changed: bool = False
    """The input is no longer what was read."""

    @property
    def out(self) -> Path:
        """Folder this run writes to."""
        out = self.root / self.settings.run.out
        return out / FOLDER / self.request.shard.name if self.request.shard else out


def account(run: Run, result: RunResult, start: float, *, at_once: bool) -> RunResult:
    """Build the site where something changed, and write run.json; a run that did nothing writes nothing."""
    index = run.source.index
    site = overview.SiteState(changed=False)
    try:
        if not at_once and run.request.shard is None:
            run.progress.stage("site")
            site = overview.refresh_site(
                run.out,
                run.root,
                run.settings,
                as_of=resolve_as_of(run.settings),
                markets=tuple(sorted({*index.markets, *index.refused})),
                failed=_failures(run, result),
                run_stamp=run.stamp,
                before=run.last.headlines,
                verified=run.verified,
            )
        if site.failure is not None:
            result = replace(result, site_error=site.failure.message, site_trace=site.failure.trace)
        page = run.out / overview.FOLDER / "index.html"
        result = replace(result, index=page if page.is_file() else None, seconds=time.monotonic() - start)
        remembered = None if run.changed else run.source.to_remember(run.last.index)
        idle = result.count("up-to-date") == len(result.markets) and not site.changed
        shared = run.shared or run.last.shared
        if not idle or run.last.index != remembered or run.last.shared != shared:
            manifest.write_run(
                run.out, result, last=run.last, run_stamp=run.stamp, source=run.source.name, index=remembered,
                shared=shared, headlines=site.headlines or run.last.headlines,
            )  # fmt: skip
    except OSError as error:
        raise EnvironmentMissing(
            f"{run.settings.run.out}: cannot write: {error.strerror}.", code="cannot-write"
        ) from error
    return result


def _failures(run: Run, result: RunResult) -> dict[str, overview.FailedMarket]:
    """Return the markets of the input whose last build failed, in this run or an earlier one."""
    present = {*run.source.index.markets, *run.source.index.refused}
    touched = {outcome.market for outcome in result.markets if outcome.action in {"built", "up-to-date", "failed"}}
    failed = {
        market: overview.FailedMarket(code=entry["code"], message=entry["message"])
        for market, entry in run.last.failures.items()
        if market in present and market not in touched
    }
    for outcome in result.markets:
        if outcome.action == "failed":
            failed[outcome.market] = overview.FailedMarket(
                code=outcome.code, message=outcome.message, stale_since=outcome.stale_since
            )
    return dict(sorted(failed.items()))


def resolve_as_of(settings: Settings) -> str:
    """Return the date printed on the reports: the setting, ``SOURCE_DATE_EPOCH``, or today (UTC)."""
    if settings.run.as_of:
        return settings.run.as_of
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.date().isoformat()
