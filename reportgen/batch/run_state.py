"""The state of a run while it is going on, as planning, building and the account share it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen.batch.formats import Formats, choose_formats
from reportgen.batch.inputs.source import Markets
from reportgen.batch.request import Request
from reportgen.batch.site.departures import gone_markets
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.outcome import GoneMarkets, MarketOutcome, Progress
from reportgen.batch.state.record import MarketRecord
from reportgen.batch.state.run_json import Agreed, LastRun
from reportgen.settings.sections import Settings

Work = Callable[[Any], Any]


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
    formats: Formats = field(init=False)
    stamp: Fingerprint = field(init=False)
    agreed: Agreed | None = None
    """What the markets agreed on, where they were asked."""
    outcomes: dict[str, MarketOutcome] = field(default_factory=dict)
    verified: dict[str, MarketRecord] = field(default_factory=dict)
    """Markets that are up to date, every file of them compared with its hash."""
    warnings: list[str] = field(default_factory=list)
    gone: GoneMarkets | None = None
    """Markets of the site that the input no longer has, if there are any."""
    changed: bool = False
    """The input is no longer what was read."""

    def __post_init__(self) -> None:
        self.formats = choose_formats(self.settings, only=self.request.only, elsewhere=bool(self.request.scheduler))

    def settle(self) -> None:
        """Put what the markets chose, now or in the run before, in the place of settings that are ``auto``."""
        if agreed := self.agreed or self.last.agreed:
            self.settings = agreed.settled(self.settings)

    def look_for_gone(self, present: Collection[str]) -> None:
        """Find the markets of the site that are not ``present`` in the input, and name them."""
        # A part knows only its own markets: what it lacks may be in another.
        if self.request.shard is not None:
            return
        self.gone = gone_markets(
            self.out,
            present,
            self.last.headlines,
            share=self.settings.run.gone_share,
            tell=self.progress.gone,
            may_leave=lambda gone: not self.request.dry_run and self.request.may_leave(gone),
        )

    @property
    def out(self) -> Path:
        """Folder this run writes to."""
        out = self.root / self.settings.run.out
        return out / self.request.shard.folder if self.request.shard else out


def resolve_as_of(settings: Settings) -> str:
    """Return the date printed on the reports: the setting, ``SOURCE_DATE_EPOCH``, or today (UTC)."""
    if settings.run.as_of:
        return settings.run.as_of
    # The variable by which builds are repeated to the byte (reproducible-builds.org).
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.date().isoformat()
