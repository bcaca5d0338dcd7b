"""What a line of the overview says of one market: a few numbers, taken so that the results can be let go.

Words and tables are made from these lines in ``market_table.py`` and ``overview.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reportgen.report.channels import leading_channel
from reportgen.report.narrative import reasons, trust
from reportgen.report.narrative.next_step import next_step
from reportgen.report.narrative.verdict import shown, shown_code
from reportgen.report.words import quantities
from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.writer import make_writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.words.writer import Writer
    from reportgen.results import Change, MarketResults, VerdictCode
    from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """One of several channels of a market."""

    channel: str
    verdict: VerdictCode
    first: float | None
    kept_up: float | None
    kept_up_lower: float | None
    kept_up_upper: float | None
    incremental: float | None
    share: float | None


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
    response: Literal["level", "relative", "log"] = "level"
    sales_mean: float | None = None
    currency: str = ""
    channel: str = ""
    """The channel of the effects, where there are several: the one that stands for the market."""
    first: float | None = None
    first_lower: float | None = None
    first_upper: float | None = None
    kept_up: float | None = None
    kept_up_lower: float | None = None
    kept_up_upper: float | None = None
    channels: tuple[ChannelLine, ...] = ()
    """All channels, where there are several."""
    incremental: float | None = None
    incremental_lower: float | None = None
    incremental_upper: float | None = None
    share: float | None = None
    roi: float | None = None
    sales: float | None = None
    """Of the market, over the whole period."""
    gain: float | None = None
    """Money a period that the plan brings, where one is recommended."""
    gain_lower: float | None = None
    gain_upper: float | None = None
    worst: str = ""
    """The check that fails or wants a look, the gravest; empty where all passed."""
    action: str = ""
    """What to do next; for a market without an estimate what would give one."""
    checks_passed: int = 0
    checks_run: int = 0
    stale_since: str = ""
    """Date (ISO) of the report that is shown although the last build failed; empty where it did not."""
    trouble: str = ""
    """Why the last build failed, where an older report is shown."""
    change: Change | None = None
    """Why the market's answer changed since the run before, as its own report says."""
    changed: bool = False
    """Whether the market is in the list of changes since the run before."""

    @property
    def estimated(self) -> bool:
        """Whether the market's model was fitted; what a check withholds is still missing."""
        return self.status in ("ok", "singular")


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
    lead, inc = leading_channel(results), results.incremental
    first, kept_up = quantities.first(results, lead), quantities.kept_up(results, lead)
    plan = results.plan
    gain = plan.gain if plan is not None and plan.outcome == "recommended" else None
    return MarketSummary(
        market=results.market,
        change=results.change,
        status=results.status,
        verdict=shown_code(results),
        reason=" ".join(reasons.found(writer, reason, i) for i, reason in enumerate(results.reasons)),
        folder=folder,
        files=tuple(files),
        pharmacies=results.data.pharmacies,
        months=results.data.months,
        response=results.model.response if results.model else "level",
        sales_mean=results.data.sales_mean,
        currency=writer.formats.currency,
        channel=clean(results.channels[lead].channel, 40) if results.channels else "",
        first=first.estimate if first else None,
        first_lower=first.lower if first else None,
        first_upper=first.upper if first else None,
        kept_up=kept_up.estimate if kept_up else None,
        kept_up_lower=kept_up.lower if kept_up else None,
        kept_up_upper=kept_up.upper if kept_up else None,
        channels=_channels(results),
        incremental=inc.total if inc else None,
        incremental_lower=inc.lower if inc else None,
        incremental_upper=inc.upper if inc else None,
        share=inc.share if inc else None,
        roi=results.roi.roi if results.roi else None,
        sales=results.data.sales_total,
        gain=gain.estimate if gain else None,
        gain_lower=gain.lower if gain else None,
        gain_upper=gain.upper if gain else None,
        worst=_worst(writer),
        action=next_step(writer),
        checks_passed=results.checks_passed,
        checks_run=results.checks_run,
    )


def _worst(w: Writer) -> str:
    check = next((one for one in trust.most_important(w.results) if one.status in ("fail", "review")), None)
    return "" if check is None else f"{check_name(w, w.results, check)}: {trust.status_word(w, check.status)}"


def _channels(results: MarketResults) -> tuple[ChannelLine, ...]:
    rows = []
    for k, one in enumerate(results.channels):
        first, kept_up = quantities.first(results, k), quantities.kept_up(results, k)
        rows.append(
            ChannelLine(
                channel=clean(one.channel, 40),
                verdict=shown(results.status, one.verdict.code) if one.verdict is not None else "unclear",
                first=first.estimate if first else None,
                kept_up=kept_up.estimate if kept_up else None,
                kept_up_lower=kept_up.lower if kept_up else None,
                kept_up_upper=kept_up.upper if kept_up else None,
                incremental=one.incremental,
                share=one.share,
            )
        )
    return tuple(rows)


def failed_market(market: str, reason: str) -> MarketSummary:
    """Line of a market that failed; it has no documents."""
    return MarketSummary(
        market=market, status="failed", verdict="cannot-tell", reason=clean(reason, 300), folder="", files=(),
        pharmacies=0, months=0,
    )  # fmt: skip
