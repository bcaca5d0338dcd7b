"""``reportgen check`` and ``compare``: what is found in a table and what a build will do, and why answers changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli import console
from reportgen.cli.options import Debug, Json

if TYPE_CHECKING:
    from reportgen.project.checking import CheckReport
    from reportgen.project.comparing import Comparison, MarketComparison
    from reportgen.results import Change, MarketProspect
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


_CAUSES = {
    "version": "program", "revised": "revised periods", "periods": "periods joined or left", "settings": "settings",
    "remaining": "other markets",
}  # fmt: skip


def compare(
    first: Annotated[Path, typer.Argument(help="Earlier run: output folder, market's folder or results.json.")],
    second: Annotated[Path, typer.Argument(help="Later run.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the comparison here: a .json, or a .csv with a row per part.")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what changed between two runs and why, from their results alone."""
    from reportgen import api

    found = api.compare(first, second)
    if out is not None:
        out.write_text(found.csv() if out.suffix.lower() == ".csv" else found.json(), encoding="utf-8")
    if json:
        console.say_json(found.plain())
        return
    show_comparison(found)
    if out is not None:
        console.say(f"wrote {console.short(out)}")


def show_comparison(found: Comparison) -> None:
    """Print a row per market."""
    console.show_table(
        ("Market", "Verdict", "Kept up before", "Now", "Noise", "Incremental", "Why"),
        [_row(one) for one in found.markets],
        right=(2, 3, 5),
    )
    console.say("Why: what each cause added to the effect kept up. --out compare.json has all of it.")


def _row(one: MarketComparison) -> tuple[str, ...]:
    change = one.change
    if change is None:
        return (one.market, f"only in the {one.only} run", "", "", "", "", "")
    verdict = change.verdict
    if change.verdict_before != change.verdict:
        verdict = f"{change.verdict_before} → {change.verdict}"  # type: ignore[assignment]
    noise = {True: "within", False: "beyond", None: ""}[change.effect.within]
    return (
        one.market, verdict, _shown(change.effect.before), _shown(change.effect.now), noise,
        _shown(change.incremental.change, plus=True), _why(change),
    )  # fmt: skip


def _why(change: Change) -> str:
    parts = []
    for part in change.parts:
        name = " and ".join(_CAUSES[cause] for cause in part.causes)
        parts.append(f"{name} {_shown(part.effect, plus=True)}".strip())
    return "; ".join(parts)


def _shown(value: float | None, *, plus: bool = False) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100.0 else 4 if abs(value) < 1.0 else 2
    return f"{value:{'+' if plus else ''},.{digits}f}"
