"""The list of all markets, in the order of the money that is to gain: what to do next, market by market.

A market without an estimate stands in the same list with what it needs. Numbers are those of the markets' own reports;
statistics across markets stand below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.site.changes import WORDS as CHANGES
from reportgen.report.site.market_table import ORDER, address, drawn_scale, relative
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import about_se
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reportgen.report.site.changes import Kind
    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.site.market_table import TableWriter


def by_gain(markets: Sequence[MarketSummary]) -> list[MarketSummary]:
    """Markets by what is to gain a period, then by what promotion brought; those without an estimate last."""

    def order(one: MarketSummary) -> tuple[bool, float, float, float, str]:
        return (
            not one.estimated,
            -(one.gain or 0.0),
            -(one.incremental or 0.0),
            -(one.sales or 0.0),
            one.market,
        )

    return sorted(markets, key=order)


def worklist(w: TableWriter, markets: Sequence[MarketSummary], changes: Mapping[str, Kind]) -> Table:
    """All markets, those with most to gain first.

    Parameters
    ----------
    changes
        What changed since the run before, by market.
    """
    columns = _columns(w, markets, changes)
    return Table(
        name="markets",
        caption=w.say("All markets, those with most to gain first"),
        columns=tuple(column for column, _ in columns),
        rows=tuple(Row(cells=tuple(cell(one) for _, cell in columns), tone=_tone(one)) for one in by_gain(markets)),
        note=w.say("Markets without an estimate are in no total above."),
    )


def _columns(
    w: TableWriter, markets: Sequence[MarketSummary], changes: Mapping[str, Kind]
) -> list[tuple[Column, Callable[[MarketSummary], Cell]]]:
    """Every column with what makes its cells; what no market has has no column."""
    scale, f = drawn_scale(markets), w.formats
    gain = Column(label=w.say("To gain by the plan"), unit=w.per_period)
    since = Column(label=w.say("Since the last run"), numeric=False)
    return [
        (Column(label=w.say("Market"), numeric=False), lambda one: Cell(text=clean(one.market), link=address(one))),
        (Column(label=w.say("Verdict"), numeric=False), lambda one: _verdict(w, one)),
        (
            Column(label=w.say("Sales"), unit=w.say("whole period")),
            lambda one: Cell(text=f.money_short(one.sales), sort=one.sales),
        ),
        (
            Column(label=w.say("With promotion"), unit=w.say("share of sales")),
            lambda one: Cell(text=f.percent(one.share), sort=one.share),
        ),
        (
            Column(
                label=w.say(quantities.KEPT_UP),
                unit=f"{w.per_unit}; {w.say('line: interval as a share of sales; tick: zero')}",
            ),
            lambda one: _kept_up(w, one, scale),
        ),
        *(
            [(gain, lambda one: Cell(text=gain_text(w, one), sort=one.gain))]
            if any(one.gain is not None for one in markets)
            else []
        ),
        *([(since, lambda one: _change(w, changes.get(one.market)))] if changes else []),
        (
            Column(label=w.say("Weakest point"), unit=w.say("worst check, or why no estimate"), numeric=False),
            lambda one: Cell(text=(one.worst if one.estimated else one.reason) or "–"),
        ),
        (Column(label=w.say("What to do next"), numeric=False), lambda one: Cell(text=one.action or "–")),
        *_files(w, markets),
    ]


def _files(
    w: TableWriter, markets: Sequence[MarketSummary]
) -> Iterator[tuple[Column, Callable[[MarketSummary], Cell]]]:
    """A column for each printed document that any market has."""
    for name, label in (("report.pdf", w.say("Report")), ("brief.pdf", w.say("Brief"))):
        if any(name in one.files for one in markets):
            yield Column(label=label, numeric=False), lambda one, name=name: _file(one, name)  # type: ignore[misc]


def _tone(one: MarketSummary) -> str:
    return " ".join(name for name, holds in (("changed", one.changed), ("stale", bool(one.stale_since))) if holds)


def _verdict(w: TableWriter, one: MarketSummary) -> Cell:
    if one.estimated:
        return w.verdict(one)
    return Cell(text=w.status_word(one.status), mark="cannot-tell", sort=float(len(ORDER)))


def _change(w: TableWriter, change: Kind | None) -> Cell:
    return Cell(text=w.say(CHANGES[change]) if change is not None else "–")


def _kept_up(w: TableWriter, one: MarketSummary, scale: tuple[float, float]) -> Cell:
    f, drawn = w.log_formats if one.response == "log" else w.formats, relative(one)
    return Cell(text=kept_up_text(w, one), sort=f.effect_value(one.kept_up), bar=w.bar(drawn, scale) if drawn else None)


def kept_up_text(w: TableWriter, one: MarketSummary) -> str:
    """Estimate with interval; where the answer is open the interval alone."""
    # Levels and logarithms stand in one column: a log effect is written as percent, and sorted as what is written.
    f = w.log_formats if one.response == "log" else w.formats
    if one.kept_up is None:
        return "–"
    spread = about_se(one.kept_up_lower, one.kept_up_upper)
    text = f.effect_interval(one.kept_up_lower, one.kept_up_upper, spread)
    if one.verdict not in OPEN_VERDICTS:
        text = w.say("{effect} ({interval})", effect=f.effect(one.kept_up, spread), interval=text)
    return f"{one.channel}: {text}" if one.channel else text


def gain_text(w: TableWriter, one: MarketSummary) -> str:
    """What the plan brings a period, with its interval; a dash where none is recommended."""
    if one.gain is None:
        return "–"
    spread = about_se(one.gain_lower, one.gain_upper)
    bounds = w.formats.interval(one.gain_lower, one.gain_upper, "money-short")
    return w.say(
        "{effect} ({interval})",
        effect=w.formats.money_short(
            one.gain, spread, beside=max(abs(one.gain_lower or 0.0), abs(one.gain_upper or 0.0))
        ),
        interval=bounds,
    )


def _file(one: MarketSummary, name: str) -> Cell:
    if name not in one.files:
        return Cell(text="–")
    return Cell(text="PDF", link=f"{one.folder}/{name}")
