"""What a line of the overview says of one market: a few numbers, taken so that the results can be let go.

Words and tables are made from these lines in ``market_table.py`` and ``overview.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reportgen.report.narrative import reasons
from reportgen.report.narrative.verdict import shown_code
from reportgen.report.words.names import clean
from reportgen.report.words.writer import make_writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.results import MarketResults, VerdictCode
    from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSummary:
    """One line of the overview. Numbers as in the results; ``reason`` is finished text; ``folder`` relative to out."""

    market: str
    status: str
    verdict: VerdictCode
    reason: str
    folder: str
    files: tuple[str, ...]
    pharmacies: int
    months: int
    response: Literal["level", "log"] = "level"
    sales_mean: float | None = None
    now: float | None = None
    now_lower: float | None = None
    now_upper: float | None = None
    now_se: float | None = None
    long_run: float | None = None
    long_run_lower: float | None = None
    long_run_upper: float | None = None
    long_run_se: float | None = None
    incremental: float | None = None
    incremental_lower: float | None = None
    incremental_upper: float | None = None
    share: float | None = None
    roi: float | None = None
    checks_passed: int = 0
    checks_run: int = 0
    stale_since: str = ""
    """Date (ISO) of the report that is shown although the last build failed; empty where it did not."""
    trouble: str = ""
    """Why the last build failed, where an older report is shown."""
    changed: bool = False
    """Whether the market is in the list of changes since the run before."""

    @property
    def estimated(self) -> bool:
        """Whether the market has an effect to show."""
        return self.now is not None


def summarise(results: MarketResults, settings: Settings, *, folder: str, files: Sequence[str]) -> MarketSummary:
    """Line of one market.

    Parameters
    ----------
    folder
        Of the market's documents, relative to the output folder: ``markets/<slug>``.
    files
        Names of the documents that exist there, e.g. ``report.html``.
    """
    writer = make_writer(results, settings)
    found, long_run, inc = writer.promotion(), results.long_run, results.incremental
    run = [check for check in results.checks if check.status != "not-run"]
    effect = found[1] if found else None
    return MarketSummary(
        market=results.market,
        status=results.status,
        verdict=shown_code(results),
        reason=" ".join(reasons.found(writer, reason, i) for i, reason in enumerate(results.reasons)),
        folder=folder,
        files=tuple(files),
        pharmacies=results.data.pharmacies,
        months=results.data.months,
        response=results.model.response if results.model else "level",
        sales_mean=results.data.sales_mean,
        now=effect.estimate if effect else None,
        now_lower=effect.lower if effect else None,
        now_upper=effect.upper if effect else None,
        now_se=effect.se if effect else None,
        long_run=long_run.estimate if long_run else None,
        long_run_lower=long_run.lower if long_run else None,
        long_run_upper=long_run.upper if long_run else None,
        long_run_se=long_run.se if long_run else None,
        incremental=inc.total if inc else None,
        incremental_lower=inc.lower if inc else None,
        incremental_upper=inc.upper if inc else None,
        share=inc.share if inc else None,
        roi=results.roi.roi if results.roi else None,
        checks_passed=sum(check.status == "pass" for check in run),
        checks_run=len(run),
    )


def failed_market(market: str, reason: str) -> MarketSummary:
    """Line of a market that failed; it has no documents."""
    return MarketSummary(
        market=market, status="failed", verdict="cannot-tell", reason=clean(reason, 300), folder="", files=(),
        pharmacies=0, months=0,
    )  # fmt: skip
