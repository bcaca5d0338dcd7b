"""What sales are made of: by period, as a waterfall, and by pharmacy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_texts, text_width
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import about_se
from reportgen.results.derived.parts import PartTotals, part_totals
from reportgen.results.derived.standing import pharmacies_for_half

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import Contribution, Incremental, MarketResults

_TOP, _LOW = 12, 4


def compute_parts(results: MarketResults) -> Contribution | None:
    """Split of fitted sales; ``None`` for a log response, where parts do not add up."""
    split = results.charts.contribution
    return split if split is not None and split.periods else None


def table_parts(data: Contribution) -> ChartTable:
    """Return one row per period."""
    rows = tuple(zip(data.periods, data.baseline, data.persistence, data.promotion, strict=True))
    return ChartTable(columns=("period", "baseline", "persistence", "promotion"), rows=rows)


def _stacks(data: Contribution) -> list[marks.Stack]:
    """Bars from below: persistence, baseline, promotion."""
    return marks.stacked([data.persistence, data.baseline, data.promotion])


def draw_parts(axes: Plane, data: Contribution, kit: Kit) -> None:
    """Stacked bars by period: persistence, baseline, promotion on top; negative parts hang below zero."""
    theme = kit.theme
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "money"), theme, base=0.0)
    named = []
    looks = (
        (theme.muted, 0.7, kit.say("earlier sales")),
        (theme.faint, 0.4, kit.say("baseline")),
        (theme.accent, 1.0, kit.say("promotion")),
    )
    for (starts, stops), (color, alpha, word) in zip(_stacks(data), looks, strict=True):
        boxes = [
            (i - 0.38, float(start), i + 0.38, float(stop))
            for i, (start, stop) in enumerate(zip(starts, stops, strict=True))
        ]
        marks.rectangles(axes, boxes, color, alpha=alpha)
        # Words stand beside the last bar's parts, and are moved apart where these are thin.
        middle = float(starts[-1] + stops[-1]) / 2
        named.append((middle, word, theme.accent if alpha == 1.0 else theme.muted))
    low, high = axes.y
    places = marks.spread([y for y, _, _ in named], 13 * axes.units[1], low, high)
    for place, (_, word, color) in zip(places, named, strict=True):
        marks.label(axes, axes.x[1], place, word, color, dx=8, weight=600 if color == theme.accent else 400)
    marks.time_axis(axes, kit.formats.axis_periods(data.periods), theme)


def _share_title(data: Contribution, kit: Kit) -> str:
    baseline, persistence, promotion = part_totals(data).shares
    f = kit.formats
    message = (
        kit.say(
            "Promotion and its carry-over make {promotion} of fitted sales; "
            "earlier sales make {persistence}, the baseline {baseline}."
        )
        if promotion is None or promotion >= 0
        else kit.say(
            "Promotion and its carry-over take {promotion} off fitted sales; "
            "earlier sales make {persistence}, the baseline {baseline}."
        )
    )
    return message.format(
        promotion=f.percent(None if promotion is None else abs(promotion)),
        persistence=f.percent(persistence),
        baseline=f.percent(baseline),
    )


def chart_contribution(results: MarketResults, kit: Kit, name: str = "contribution") -> Chart | None:
    """Parts of fitted sales by period."""
    data = compute_parts(results)
    if data is None:
        return None
    ends = np.concatenate([stops for _, stops in _stacks(data)])
    drawn, (axes,) = sheet(
        WIDE, 238, [Box(74, 26, WIDE - 74 - 100, 166, (-0.7, len(data.periods) - 0.3), marks.limits(ends, zero=True))]
    )
    draw_parts(axes, data, kit)
    marks.heading(
        axes, kit.say("Fitted sales of the market {per_period}", per_period=kit.per_period), kit.theme, dx=-68
    )
    f = kit.formats
    tips: list[Tip] = [
        (
            *axes.pixel(i, total),
            f"{f.period(p)}: {f.money_short(total)}, {kit.say('promotion')} {f.money_short(promotion)}",
        )
        for i, (p, total, promotion) in enumerate(zip(data.periods, data.fitted, data.promotion, strict=True))
    ]
    return kit.chart(
        name,
        drawn,
        title=_share_title(data, kit),
        table=table_parts(data),
        tips=tips,
        subtitle=kit.say("Fitted sales split into baseline, earlier sales (persistence) and promotion"),
        foot=kit.foot(
            kit.say("Earlier sales hold promotion of earlier periods too; the incremental total follows it through.")
        ),
    )


def draw_waterfall(axes: Plane, totals: PartTotals, kit: Kit) -> None:
    """Horizontal bars, each beginning where the one above ends, and their sum."""
    theme, f = kit.theme, kit.formats
    zero, first, second, last = totals.steps
    rows = [
        (kit.say("Baseline"), zero, first, totals.baseline, theme.faint),
        (kit.say("Earlier sales"), first, second, totals.persistence, theme.muted),
        (kit.say("Promotion"), second, last, totals.promotion, theme.accent),
        (kit.say("Fitted sales"), zero, last, totals.fitted, theme.ink),
    ]
    fit_ticks(axes, kit, lambda t: f.ticks(t, "money"))
    low, high = axes.y
    marks.line(axes, [0.0, 0.0], [low, high], theme.faint, clip=False)
    for k, (word, start, stop, amount, color) in enumerate(rows):
        y = 3.0 - k
        marks.rectangles(axes, [(min(start, stop), y - 0.32, max(start, stop), y + 0.32)], color)
        # A thin line leads from the end of one bar to the beginning of the next.
        if k < 3:
            marks.line(axes, [stop, stop], [y - 0.32, y - 0.68], theme.faint)
        weight = 600 if k >= 2 else 400
        marks.label(axes, axes.x[0], y, word, theme.ink, dx=-104, size=12, weight=weight)
        text = f.money_short(amount)
        marks.label(axes, max(start, stop), y, text, theme.ink, dx=8, weight=weight, halo=theme.paper)


def _followed(results: MarketResults, kit: Kit) -> str:
    """Why the bar of promotion is not the incremental total."""
    inc = results.incremental
    if inc is None or inc.total is None:
        return ""
    return kit.say(
        "Earlier sales hold promotion of earlier periods too; with that part it comes to {total}.",
        total=kit.formats.money_short(inc.total, about_se(inc.lower, inc.upper)),
    )


def chart_waterfall(results: MarketResults, kit: Kit, name: str = "waterfall") -> Chart | None:
    """Parts of fitted sales over the whole period, as a waterfall."""
    data = compute_parts(results)
    if data is None:
        return None
    totals = part_totals(data)
    drawn, (axes,) = sheet(
        WIDE, 164, [Box(112, 8, WIDE - 112 - 92, 128, marks.limits(totals.steps, zero=True, pad=0.02), (-0.5, 3.5))]
    )
    draw_waterfall(axes, totals, kit)
    f = kit.formats
    total, part = f.money_short(totals.fitted), f.money_short(abs(totals.promotion))
    title = (
        kit.say(
            "Of {total} fitted sales, {promotion} come with promotion of the period and its carry-over.",
            total=total,
            promotion=part,
        )
        if totals.promotion >= 0
        else kit.say(
            "Fitted sales of {total} are {promotion} lower through promotion of the period and its carry-over.",
            total=total,
            promotion=part,
        )
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_parts(data),
        foot=kit.foot(_followed(results, kit)),
        subtitle=kit.say("Fitted sales of the whole period: baseline, earlier sales (persistence), promotion"),
    )


# --- by pharmacy ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class ByPharmacy:
    """Incremental sales of each pharmacy, money, (G,), largest first."""

    names: tuple[str, ...]
    amount: marks.Numbers
    share: marks.Numbers
    """Of the pharmacy's own sales; NaN where unknown."""


def compute_by_pharmacy(results: MarketResults) -> ByPharmacy | None:
    """Sorted incremental sales; ``None`` where none were estimated."""
    rows = [
        (clean(p.pharmacy), p.incremental, np.nan if p.incremental_share is None else p.incremental_share)
        for p in results.pharmacies
        if p.incremental is not None
    ]
    if not rows:
        return None
    rows.sort(key=lambda r: (-r[1], r[0]))
    return ByPharmacy(tuple(r[0] for r in rows), np.array([r[1] for r in rows]), np.array([r[2] for r in rows]))


def table_by_pharmacy(data: ByPharmacy) -> ChartTable:
    """Return one row per pharmacy."""
    rows = tuple(
        (n, float(a), float(s) if np.isfinite(s) else None)
        for n, a, s in zip(data.names, data.amount, data.share, strict=True)
    )
    return ChartTable(columns=("pharmacy", "incremental", "share_of_own_sales"), rows=rows)


def draw_by_pharmacy(axes: Plane, data: ByPharmacy, chosen: list[int | None], kit: Kit, names: float) -> list[Tip]:
    """Bars in order; ``None`` in ``chosen`` is the gap between the ends."""
    theme, f = kit.theme, kit.formats
    fit_ticks(axes, kit, lambda t: f.ticks(t, "money"))
    low, high = axes.y
    tips: list[Tip] = []
    boxes = []
    kept = iter(fit_texts([data.names[i] for i in chosen if i is not None], names - 8, SMALL))
    for k, i in enumerate(chosen):
        y = float(len(chosen) - 1 - k)
        if i is None:
            marks.label(axes, axes.x[0], y, "…", theme.muted, dx=-names)
            continue
        amount = float(data.amount[i])
        boxes.append((min(0.0, amount), y - 0.34, max(0.0, amount), y + 0.34))
        marks.label(axes, axes.x[0], y, next(kept), theme.ink, dx=-names)
        text = f"{f.money_short(amount)} · {f.percent(float(data.share[i]))}"
        marks.label(axes, axes.x[1], y, text, theme.muted, dx=10)
        tips.append((*axes.pixel(amount, y), f"{data.names[i]}: {text}"))
    marks.rectangles(axes, boxes, theme.accent, alpha=0.75)
    marks.line(axes, [0.0, 0.0], [low, high], theme.faint, clip=False)
    return tips


def _who_brings(results: MarketResults, inc: Incremental, total: float, kit: Kit) -> str:
    f, gains = kit.formats, pharmacies_for_half(results)
    count = f.integer(len([p for p in results.pharmacies if p.incremental is not None]))
    surely = inc.lower is None or inc.lower > 0
    amount = f.money_short(total, about_se(inc.lower, inc.upper))
    if gains is not None and surely:
        return kit.say(
            "{few} of {count} pharmacies bring half of the {total} that go with promotion.",
            few=f.integer(gains),
            count=count,
            total=amount,
        )
    message = kit.say("Over {count} pharmacies, {total} go with promotion, and it may be nothing.")
    if surely or (inc.upper is not None and inc.upper < 0):
        message = (
            kit.say("Over {count} pharmacies, {total} go with promotion.")
            if total >= 0
            else kit.say("Over {count} pharmacies, sales change by {total} with promotion.")
        )
    return message.format(count=count, total=amount)


def chart_by_pharmacy(results: MarketResults, kit: Kit, name: str = "incremental_pharmacies") -> Chart | None:
    """Incremental sales by pharmacy: all, or the top and the bottom."""
    data, inc = compute_by_pharmacy(results), results.incremental
    if data is None or inc is None or inc.total is None:
        return None
    n = len(data.names)
    chosen: list[int | None] = list(range(n)) if n <= _TOP + _LOW else [*range(_TOP), None, *range(n - _LOW, n)]
    names = min(max(text_width(data.names[i], SMALL) for i in chosen if i is not None) + 14, 210.0)
    height = 15.0 * len(chosen)
    drawn, (axes,) = sheet(
        WIDE,
        height + 34,
        [
            Box(
                names,
                6,
                WIDE - names - 128,
                height,
                marks.limits(data.amount, zero=True, pad=0.03),
                (-0.5, len(chosen) - 0.5),
            )
        ],
    )
    tips = draw_by_pharmacy(axes, data, chosen, kit, names)
    f = kit.formats
    return kit.chart(
        name,
        drawn,
        title=_who_brings(results, inc, inc.total, kit),
        table=table_by_pharmacy(data),
        tips=tips,
        subtitle=kit.say("Incremental sales by pharmacy over the whole period, and as a share of its own sales"),
        foot=kit.foot(
            kit.say(
                "The {top} largest and {low} smallest of {count}.",
                top=f.integer(_TOP),
                low=f.integer(_LOW),
                count=f.integer(n),
            )
            if n > len(chosen)
            else ""
        ),
    )
