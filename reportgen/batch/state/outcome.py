"""What a run reports: one outcome per market and the result of the whole.

Plain types for the command line, the API and run.json; nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from reportgen.batch.state.record import Headline
from reportgen.settings.statistics import Response

Reason = Literal[
    "new",
    "forced",
    "failed-before",
    "damaged",
    "data-changed",
    "settings-changed",
    "templates-changed",
    "code-changed",
    "formats-added",
    "formats-removed",
    "refused",
    "up-to-date",
]
Action = Literal["built", "up-to-date", "failed", "not-run", "planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOutcome:
    """What happened to one market in one run."""

    market: str
    slug: str
    action: Action
    reason: Reason
    """Why it was, or would be, built."""
    seconds: float = 0.0
    attempts: int = 0
    headline: Headline | None = None
    """Of the report that is on disk now, if there is one."""
    code: str = ""
    """Of the failure: stable, for programs."""
    message: str = ""
    trace: str = ""
    """Python's traceback, shown with ``--debug`` only."""
    stale_since: str = ""
    """Date of the last good report that is kept although this run failed, ISO."""

    @property
    def status(self) -> str:
        """``failed``, or the status of the report on disk, or ``new``."""
        if self.action == "failed":
            return "failed"
        return self.headline.status if self.headline else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneMarkets:
    """Markets that were on the site and are no longer in the data."""

    names: tuple[str, ...]
    """Codes, sorted."""
    of: int
    """Markets on the site before."""
    kept: tuple[str, ...] = ()
    """Those whose reports stay until somebody confirms that they are gone; the others leave the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What one run did. ``exit_code`` is the one the command line ends with."""

    out: Path
    index: Path | None
    """The page to open, if a site was built."""
    markets: tuple[MarketOutcome, ...]
    seconds: float
    response: Response = "level"
    """Scale of sales that the effects are of, which the markets may have chosen (``model.response = "auto"``)."""
    interrupted: bool = False
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    site_error: str = ""
    """Why the overview could not be made; the markets' own reports are not concerned."""
    site_trace: str = ""
    gone: GoneMarkets | None = None
    """Markets that the data no longer have, if there are any."""
    published: str = ""
    """What was published where, if ``run.out`` is an address."""
    publish_error: str = ""
    """Why it could not be published; everything is in the staging folder."""

    def count(self, action: Action) -> int:
        """Return how many markets ended with ``action``."""
        return sum(outcome.action == action for outcome in self.markets)

    @property
    def exit_code(self) -> int:
        """130 interrupted, 7 not published, 1 if something failed or reports of gone markets wait, else 0."""
        if self.interrupted:
            return 130
        if self.publish_error:
            return 7
        waits = self.gone is not None and self.gone.kept
        return 1 if self.count("failed") or self.site_error or waits else 0


class Progress(Protocol):
    """Told what happens while a run is going on."""

    def started(self, total: int, up_to_date: int) -> None:
        """``total`` markets are going to be built."""

    def market_done(self, outcome: MarketOutcome) -> None:
        """One of them has ended, well or badly."""

    def gone(self, markets: GoneMarkets) -> None:
        """Some markets of the site are no longer in the data; said before any report leaves it."""

    def stage(self, name: str) -> None:
        """A stage of the run begins: ``reading``, ``agreeing``, ``site``, ``pulling``, ``publishing``."""


class Silent:
    """The progress of a run nobody watches."""

    def started(self, total: int, up_to_date: int) -> None:
        """Do nothing."""

    def market_done(self, outcome: MarketOutcome) -> None:
        """Do nothing."""

    def gone(self, markets: GoneMarkets) -> None:
        """Do nothing."""

    def stage(self, name: str) -> None:
        """Do nothing."""
