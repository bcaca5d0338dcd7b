"""What ``reportgen check`` prints: the findings, and what a build will do with the markets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.cli import console

if TYPE_CHECKING:
    from reportgen.project.checking import CheckReport
    from reportgen.results import MarketProspect
    from reportgen.settings.sections import Settings

_MOST_MARKETS = 50


def show_check(report: CheckReport, settings: Settings) -> None:
    """Print everything that was found."""
    useful = any(one.outcome in {"estimate", "withheld"} for one in report.markets)
    if report.findings:
        _show_findings(report.findings)
    elif useful:
        console.say(f"{report.source}: no findings. The data can be used.")
    else:
        console.say(f"{report.source}: no findings, but no market gets an estimate.")
    _show_markets(report.markets, settings)
    if not report.builds:
        console.say("Nothing is built from this table until its errors are mended.")


def _show_findings(findings: Sequence[Any]) -> None:
    rows = [
        (
            finding.severity,
            finding.code,
            finding.column or "",
            finding.market or "",
            str(finding.count),
            ", ".join(map(str, finding.rows[:5])),
            finding.message,
        )
        for finding in findings
    ]
    console.show_table(("Severity", "Code", "Column", "Market", "Count", "First rows", "What and what to do"), rows)


def _show_markets(markets: Sequence[MarketProspect], settings: Settings) -> None:
    """Print the markets that get less than an estimate, with the reason, and how many get what."""
    if not markets:
        return
    from reportgen.report.datapage.prospects import OUTCOMES, prospect_lines

    english = settings.model_copy(update={"report": settings.report.model_copy(update={"locale": "en_GB"})})
    order = list(OUTCOMES)
    lesser = sorted(
        (one for one in markets if one.outcome != "estimate" or (one.known and one.known.data.channels_left_out)),
        key=lambda one: (order.index(one.outcome), one.market),
    )
    rows = [
        (one.market, OUTCOMES[one.outcome], " ".join(prospect_lines(one, english)) or f"see {', '.join(one.codes)}")
        for one in lesser[:_MOST_MARKETS]
    ]
    if rows:
        console.show_table(("Market", "A build gives", "Why, and what would help"), rows)
    if len(lesser) > _MOST_MARKETS:
        console.say(f"… and {len(lesser) - _MOST_MARKETS:,} more markets like these; --json lists all.")
    counts = Counter(one.outcome for one in markets)
    said = "; ".join(f"{counts[outcome]:,} {OUTCOMES[outcome]}" for outcome in reversed(order) if counts[outcome])
    console.say(f"What a build will do, as far as the data tell before a fit ({_counted(len(markets))}): {said}.")


def _counted(count: int) -> str:
    return f"{count:,} market{'s' if count != 1 else ''}"
