"""Pharmacies whose sales move to another level for good, and what that does to the effect.

A new doctor next door or a chain's contract lifts one pharmacy's sales from one month on. If visits follow, the model
takes the lift for their effect: neither time effects, which all pharmacies share, nor a pharmacy's own level and trend
describe a step. Steps are looked for in the residuals of each pharmacy (the largest t of two means over all dates of
the record; Andrews 1993, Econometrica 61, for its distribution), then the model is fitted again with them as columns.

Levels that move in many pharmacies, in none so that a step can be seen, pass for persistence: lags take up what a
pharmacy's own level does not, and what is kept up is too large by half (0.25 of sales in a fifth of pharmacies:
+34 %). So the model is also fitted with a level of its own for every pharmacy and year of the record, and the columns
of the correction made anew from where each year starts. Where levels stay, persistence stays; where they move, it
falls. Only a fall counts: shorter histories alone move persistence up and down.

Where visits move along, their mean over the half-year before and after a period stands for the level, which no visit
of a coming month can have moved. Beside the adstock it has nothing to say unless levels and visits move together
(Mundlak's 1978 device within pharmacies): of 100 markets in which a fifth of the pharmacies shift up and get half as
many visits more, 80 are found, 91 where promotion does nothing; of 2,000 plain ones 33 (tests/benchmarks/reality.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reportgen.model.checks.estimates import influence_on
from reportgen.model.checks.rules import grade
from reportgen.model.checks.serial import on_grid
from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array, Design, Index
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import add_columns, refitted
from reportgen.panel.periods import PER_YEAR
from reportgen.results import Check, FixedEffect

LEAST_SIDE = 4
"""Rows before and after a step."""
STEP = 3.5
"""T of a step: the largest of thirty dates is above it in about one steady pharmacy of fifty, which does no harm: its
column takes next to nothing from the effect."""
ROUNDS = 4
"""Times the model is fitted with the steps found so far: persistence and the pharmacies' own effects, which hide steps,
are then less wrong, and further steps come to light."""
LEAST_YEAR = 8
"""Periods of a part of the record that may have a level of its own."""
MOST_STEPS = 40
"""Pharmacies whose steps become columns, the clearest first."""


def find_shifts(residuals: Array, group: Index, column: Index) -> tuple[Array, Index]:
    """Largest |t| of a step in each pharmacy's residuals, (G,), and the first period after it, (G,)."""
    grid, seen = on_grid(residuals, group, column)
    count, total = np.cumsum(seen, axis=1), np.cumsum(grid, axis=1)
    rows, whole = count[:, -1:], total[:, -1:]
    after: Index = rows - count
    enough = (count >= LEAST_SIDE) & (after >= LEAST_SIDE)
    before_mean = total / np.maximum(count, 1)
    after_mean = (whole - total) / np.maximum(after, 1)
    between = count * after / np.maximum(rows, 1) * (after_mean - before_mean) ** 2
    # Two means in the place of one take ``between`` out of the squares: t² of a step for all dates at once, from
    # running sums.
    squares = np.sum(grid**2, axis=1, keepdims=True) - whole**2 / np.maximum(rows, 1)
    floor = np.maximum(1e-24 * np.abs(squares), 1e-200)  # residuals that are a step and nothing else
    within = np.maximum(squares - between, floor) / np.maximum(rows - 2, 1)
    t = np.where(enough, np.sqrt(between / within), 0.0)
    return t.max(axis=1), np.asarray(t.argmax(axis=1) + 1, dtype=np.intp)


def check_shifts(market: MarketFit, promotion: FixedEffect, residuals: Array) -> Check:
    """Change of the effect, now or kept up, in SE when steps of single pharmacies are columns; 0 without steps.

    ``detail``: the clearest step, as pharmacy and period.
    """
    frame, left = market.frame, residuals
    steps: dict[int, int] = {}
    fit: LmmFit | None = None
    for _ in range(ROUNDS):
        size, start = find_shifts(left, frame.group, frame.column)
        order = np.argsort(-size, kind="stable")[:MOST_STEPS].tolist()
        new = {k: int(start[k]) for k in order if size[k] > STEP and k not in steps}
        if not new or len(steps) + len(new) > MOST_STEPS:
            break
        again = refitted(market, _with_steps(market, steps | new))
        if again is None:
            break
        steps, fit = steps | new, again
        left = again.design.y - fitted_values(again, conditional_modes(again))
    if fit is None:
        return grade("level-shifts", 0.0)
    pharmacy, period = next(iter(steps.items()))
    where = f"{frame.pharmacies[pharmacy]}, {frame.panel.period_label(period)}"
    # The columns of the steps stand last, so the first ones are those of the market's own model.
    moved = influence_on(market, promotion, fit.beta[None, : len(market.fit.beta)], (where,))
    return grade("level-shifts", moved.value, detail=where)


def _with_steps(market: MarketFit, steps: dict[int, int]) -> Design:
    """The market's design with a column for each step, 1 from its period on."""
    at = np.array(list(steps.items()))
    frame = market.frame
    columns = (frame.group[:, None] == at[:, 0]) & (frame.column[:, None] >= at[:, 1])
    return add_columns(market.design, columns.astype(np.float64), tuple(f"Step{k}" for k in steps))


def check_yearly_levels(market: MarketFit, promotion: FixedEffect) -> Check:
    """Change of the effect, now or kept up, in SE when pharmacies have a level a year; 0 where lags do not fall."""
    years = _years(market)
    lags = [market.index(term) for term in market.terms.lags]
    if years is None or not lags or market.rung == "pooled":
        return grade("yearly-levels", None)
    again = refitted(market, by_year(market, years))
    if again is None or not again.certified:
        return grade("yearly-levels", None)
    if again.beta[lags].sum() >= market.fit.beta[lags].sum():
        return grade("yearly-levels", 0.0)
    return grade("yearly-levels", influence_on(market, promotion, again.beta[None], ("",)).value)


def _years(market: MarketFit) -> Index | None:
    """Part of the record that each row is in, (n,): as many equal parts as whole years; None under two.

    A part has at least ``LEAST_YEAR`` periods, so that a level in it is not that of a few quarters.
    """
    frame = market.frame
    column = frame.column - frame.column.min()
    count = int(frame.panel.n_periods) // max(PER_YEAR[frame.panel.period_type], LEAST_YEAR)
    if count < 2:
        return None
    return np.asarray(column * count // (int(column.max()) + 1), dtype=np.intp)


def by_year(market: MarketFit, years: Index) -> Design:
    """The market's design with every pharmacy's ``years`` (n,) as groups of their own."""
    design, terms = market.design, market.terms
    count = int(years.max()) + 1
    # One number for each pharmacy and part; where a pharmacy has no rows in a part there is no group.
    _, group = np.unique(design.group * count + years, return_inverse=True)
    first = np.searchsorted(group, np.arange(int(group.max()) + 1))
    sizes = np.bincount(group)
    x = design.x.copy()

    def own(name: str, values: Array) -> None:
        x[:, design.names.index(name)] = values[group]

    for term in terms.columns:
        if term.role == "initial-sales":
            own(term.term, design.column(terms.lags[0])[first])
        elif term.role == "mean-promotion":
            own(term.term, np.bincount(group, weights=design.column(terms.promotion[term.channel or 0])) / sizes)
        elif term.role == "initial-promotion":
            own(term.term, design.column(terms.promotion[term.channel or 0])[first])
    cluster = None if design.cluster is None else design.cluster[design.group[first]]
    return replace(design, x=x, group=group.astype(np.intp), groups=len(sizes), cluster=cluster)


def check_following_levels(market: MarketFit, effects: Sequence[FixedEffect]) -> tuple[Check, ...]:
    """Change of each channel's effect, now or kept up, in SE beside the mean promotion of the half-years around.

    0 where that mean has no positive coefficient (t above its 97.5 % point): promotion does not move with levels.
    """
    columns = tuple(f"Around_{effect.term}" for effect in effects)
    again = refitted(market, add_columns(market.design, around(market), columns))
    if again is None:
        return tuple(grade("promotion-follows-levels", None, channel=name) for name in market.named_channels)
    covariance, made = fixed_covariance(again), []
    for effect, column, name in zip(effects, columns, market.named_channels, strict=True):
        at = again.design.names.index(column)
        t = float(again.beta[at] / np.sqrt(covariance.values[at, at]))
        follows = t > critical_value(0.95, float(covariance.df[at]))
        moved = influence_on(market, effect, again.beta[None, : len(market.fit.beta)], ("",)).value
        made.append(grade("promotion-follows-levels", moved if follows else 0.0, channel=name))
    return tuple(made)


def around(market: MarketFit) -> Array:
    """Mean promotion of each channel over the half-year before and after each row's period, itself included, (n, c)."""
    frame = market.frame
    grid, half = frame.panel.promotion[:, frame.grid_rows], PER_YEAR[frame.panel.period_type] // 2
    # Sums over any window as differences of two running sums.
    sums, count = np.nancumsum(grid, axis=2), np.cumsum(np.isfinite(grid), axis=2)
    last = np.minimum(frame.column + half, grid.shape[2] - 1)
    before = frame.column - half - 1
    earlier = np.maximum(before, 0)

    def within(running: Array | Index) -> Array:
        return np.asarray(running[:, frame.group, last] - np.where(before < 0, 0, running[:, frame.group, earlier]))

    return np.asarray(within(sums) / np.maximum(within(count), 1)).T
