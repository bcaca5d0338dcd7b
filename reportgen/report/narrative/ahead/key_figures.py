"""The three figures of the first page: what one unit more brings, what promotion brings a month, and profit.

Money is a month's, of the last year of the record; where the answer is open an interval stands in place of an estimate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import KeyFigure
from reportgen.report.narrative.verdict import shown_code
from reportgen.report.words import quantities
from reportgen.report.words.phrases import mark
from reportgen.results import EffectSize
from reportgen.results.derived.intervals import about_se
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reportgen.report.blocks import Chart
    from reportgen.report.words.writer import Writer
    from reportgen.results import Incremental, RecentSales


def key_figures(w: Writer, drawn: Mapping[str, Chart]) -> tuple[KeyFigure, ...]:
    """What a manager decides by: one unit more kept up, what promotion brings a month, profit; only those estimated.

    Where what is kept up is not known the first month stands for it. With several channels their effects are a table
    of their own and the sales are of all together.
    """
    effects = () if w.results.channels else (_kept_up(w) or _first(w),)
    made = (*effects, _brought(w), _profit(w))
    return tuple(replace(figure, chart=drawn.get(f"key_{figure.name}")) for figure in made if figure is not None)


def _first(w: Writer) -> KeyFigure | None:
    found = quantities.first(w.results)
    if found is None:
        return None
    unit = (
        mark("more sales per pharmacy for {amount}")
        if (found.estimate or 0.0) >= 0 and not is_open(w)
        else mark("change of sales per pharmacy for {amount}")
    )
    label, text = quantities.first_period(w), w.say(unit, amount=w.amount)
    return _effect_figure(w, "first", label, found, "first_period", text)


def _kept_up(w: Writer) -> KeyFigure | None:
    found = quantities.kept_up(w.results)
    if found is None:
        return None
    unit = (
        mark("more sales {per_pharmacy} for {one_more}")
        if (found.estimate or 0.0) >= 0 and not is_open(w)
        else mark("change of sales {per_pharmacy} for {one_more}")
    )
    text = w.say(unit, per_pharmacy=w.per_average, one_more=w.one_more)
    return _effect_figure(w, "kept_up", w.say(quantities.KEPT_UP), found, "kept_up", text)


def _effect_figure(w: Writer, name: str, label: str, found: EffectSize, field: str, unit: str) -> KeyFigure:
    """Estimate and interval; where there is no clear effect the interval alone."""
    source, se = f"effects.0.{field}", quantities.spread(found)
    lower, upper = found.lower, found.upper
    value = interval = ""
    if lower is not None and upper is not None and is_open(w):
        value = w.effect_interval(lower, upper, source, se)
        interval = w.say("{level} interval", level=w.level)
    elif found.estimate is not None:
        value = w.effect(found.estimate, f"{source}.estimate", se)
        interval = _interval_text(w, lower, upper, source, se)
    return KeyFigure(name=name, label=label, value=value, unit=unit, interval=interval, note="", chart=None)


def _brought(w: Writer) -> KeyFigure | None:
    """What promotion brings a period, by the last year; over the whole record in results that do not hold that."""
    inc = w.results.incremental
    if inc is None or inc.total is None:
        return None
    recent = inc.recent
    if recent is None:
        return _incremental(w, inc)
    label = _incremental_label(w, recent.estimate)
    found = EffectSize(estimate=recent.estimate, lower=recent.lower, upper=recent.upper)
    if is_open(w):
        unit = w.say("{per_period}, mean of {period}", per_period=w.per_period, period=recent_period(w, recent))
    else:
        unit = w.say(
            "{per_period}, mean of {period}: {share} of sales, {year} a year",
            per_period=w.per_period,
            period=recent_period(w, recent),
            share=w.percent(recent.share or 0.0, "incremental.recent.share"),
            year=w.money(recent.year, "incremental.recent.year", se=_yearly(recent)),
        )
    return _money_figure(w, ("brought", label, unit), found, "incremental.recent")


def recent_period(w: Writer, recent: RecentSales) -> str:
    """``Jan 2023 – Dec 2023``: the last year of the record."""
    return w.fact(w.formats.period_range(*recent.period), 0, "text:period")


def _yearly(recent: RecentSales) -> float | None:
    se = about_se(recent.lower, recent.upper)
    return se * abs(recent.year / recent.estimate) if se is not None and recent.estimate else None


def _profit(w: Writer) -> KeyFigure | None:
    """Profit of promotion a period, or what is missing to know it."""
    recent = None if w.results.incremental is None else w.results.incremental.recent
    if recent is None:
        return None
    label = w.say("Profit of promotion")
    if recent.profit is None:
        return KeyFigure(
            name="profit",
            label=label,
            value=w.say("Not known"),
            unit=w.say("Cost and margin would tell: set panel.cost and panel.margin."),
            interval="",
            note="",
            chart=None,
        )
    unit = w.say(
        "{per_period}, mean of {period}: margin on these sales less what promotion cost",
        per_period=w.per_period,
        period=recent_period(w, recent),
    )
    return _money_figure(w, ("profit", label, unit), recent.profit, "incremental.recent.profit")


def _money_figure(w: Writer, words: tuple[str, str, str], found: EffectSize, source: str) -> KeyFigure:
    """Estimate and interval; where there is no clear effect the interval alone. ``words``: name, label, unit."""
    name, label, unit = words
    estimate, lower, upper = found.estimate or 0.0, found.lower or 0.0, found.upper or 0.0
    bounds = w.interval((lower, upper), (f"{source}.lower", f"{source}.upper"), "money-short")
    if is_open(w):
        value, interval = bounds, w.say("{level} interval", level=w.level)
    else:
        value = w.money(estimate, f"{source}.estimate", se=about_se(lower, upper), beside=(lower, upper))
        interval = w.say("{level} interval {interval}", level=w.level, interval=bounds)
    return KeyFigure(name=name, label=label, value=value, unit=unit, interval=interval, note="", chart=None)


def _incremental(w: Writer, inc: Incremental) -> KeyFigure:
    """Over the whole record, with the return."""
    if inc.lower is None or inc.upper is None:
        return KeyFigure(
            name="incremental", label=_incremental_label(w, inc.total or 0.0), value=total_text(w, inc),
            unit=_share(w, inc), interval="", note=roi_line(w), chart=None,
        )  # fmt: skip
    found = EffectSize(estimate=inc.total, lower=inc.lower, upper=inc.upper)
    words = ("incremental", _incremental_label(w, inc.total or 0.0), _share(w, inc))
    shown = _money_figure(w, words, found, "incremental")
    if not is_open(w):
        shown = replace(shown, value=total_text(w, inc))
    return replace(shown, note=roi_line(w))


def is_open(w: Writer) -> bool:
    """Whether the answer is open: then intervals lead, and no estimate stands alone."""
    return shown_code(w.results) in OPEN_VERDICTS


def _incremental_label(w: Writer, total: float) -> str:
    if is_open(w) and not w.results.channels:
        return w.say("Change of sales with promotion")
    if w.results.channels:
        return w.say("Sales that go with all channels") if total >= 0 else w.say("Change of sales with all channels")
    return w.say("Sales that go with promotion") if total >= 0 else w.say("Change of sales with promotion")


def total_text(w: Writer, inc: Incremental) -> str:
    """Total, with as many digits as its interval supports."""
    return w.money(
        inc.total or 0.0, "incremental.total", se=about_se(inc.lower, inc.upper), beside=(inc.lower, inc.upper)
    )


def _share(w: Writer, inc: Incremental) -> str:
    if inc.share is None or is_open(w):
        return w.say("over the whole period")
    return w.say("over the whole period, {share} of sales", share=w.percent(inc.share, "incremental.share"))


def roi_line(w: Writer) -> str:
    """``Return on promotion 38% (9% to 71%)``, or nothing without costs."""
    roi = w.results.roi
    if roi is None or roi.roi is None:
        return ""
    # Whole percents, but for a return that would be printed as nothing.
    value = w.percent(roi.roi, "roi.roi", digits=0 if abs(roi.roi) >= 0.005 else 1)
    if roi.lower is None or roi.upper is None:
        return w.say("Return on promotion {roi}", roi=value)
    bounds = w.interval((roi.lower, roi.upper), ("roi.lower", "roi.upper"), "percent", 0)
    return w.say("Return on promotion {roi} ({interval})", roi=value, interval=bounds)


def _interval_text(w: Writer, lower: float | None, upper: float | None, source: str, se: float | None) -> str:
    if lower is None or upper is None:
        return w.say("no interval")
    return w.say("{level} interval {interval}", level=w.level, interval=w.effect_interval(lower, upper, source, se))
