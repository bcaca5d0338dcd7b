"""Would another model explain the same rows better: sales in proportion, or a longer memory?

Rivals are compared by ML on identical rows (REML is not comparable across columns), at the decays of the reported
model, which favours it. A rival that wins is no new model: the check tells which setting to change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.model.checks.rules import grade
from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array, Design, NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import LmmFit, Rung, fit_lmm
from reportgen.model.lmm.inference import model_covariance
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import add_columns
from reportgen.panel.periods import PER_YEAR
from reportgen.panel.scale import in_money, pharmacy_sizes
from reportgen.results import Check
from reportgen.settings.statistics import Response

CONSECUTIVE = (1, 2, 4)
"""How many further lags the longer sets have."""
LEAST_ROWS = 5
"""Rows a typical pharmacy must keep for a set of lags to be tried."""
SCALES: tuple[Response, ...] = ("level", "relative", "log")
Booleans = NDArray[np.bool_]


def check_scale(market: MarketFit) -> Check:
    """Gain in deviance of the best other scale of sales; ``detail`` names it."""
    gains = scale_gains(market)
    best = max(gains, key=lambda scale: gains[scale], default=None)
    return grade("scale", None if best is None else gains[best], detail=best)


def scale_gains(market: MarketFit) -> dict[Response, float]:
    """Gain in deviance of every other scale of sales, on the rows where both exist.

    2 (l_other - l_chosen), both as densities of money: that of logarithms by the Jacobian -sum log y, that of sales
    over a pharmacy's size by -sum log size.
    """
    gains = {scale: _gain(market, scale) for scale in SCALES if scale != market.frame.scale}
    return {scale: gain for scale, gain in gains.items() if gain is not None}


def _gain(market: MarketFit, other: Response) -> float | None:
    """Gain of one other scale; None where it cannot be fitted, or exists on less than half of the rows only."""
    frame, design = market.frame, market.design
    sales = [k for k, name in enumerate(design.names) if name in market.terms.named("lag", "initial-sales")]
    sizes = pharmacy_sizes(frame.panel, "relative", frame.lag_periods)[frame.grid_rows][frame.group]
    money = np.column_stack([design.y, design.x[:, sales]])
    if frame.scale != "level":
        money = in_money(money, frame.scale, sizes[:, None])
    kept = np.all(money > 0.0, axis=1) if other == "log" else np.ones(len(money), dtype=np.bool_)
    # On less than half of the rows it would be another market that is compared.
    if kept.sum() < 0.5 * len(kept):
        return None
    chosen = design if kept.all() else design.rows(kept)
    money, sizes = money[kept], sizes[kept]
    values = np.log(money) if other == "log" else money / sizes[:, None] if other == "relative" else money
    x = chosen.x.copy()
    x[:, [chosen.names.index(design.names[k]) for k in sales]] = values[:, 1:]
    # Where all rows stay this fit is there already.
    known = market.ml if chosen is market.ml.design else _fitted(market, chosen)
    gained = _fitted(market, replace(chosen, y=np.ascontiguousarray(values[:, 0]), x=x))
    if known is None or gained is None:
        return None
    turned = {"level": np.ones(1), "relative": sizes, "log": money[:, 0]}
    jacobian = np.log(turned[frame.scale]).sum() - np.log(turned[other]).sum()
    return float(2.0 * (gained.loglik - known.loglik + jacobian))


def _fitted(market: MarketFit, design: Design, near: LmmFit | None = None) -> LmmFit | None:
    rung: Rung = "intercept" if market.rung == "pooled" else market.rung
    try:
        return fit_lmm(design, method="ML", rung=rung, near=near)
    except (RankDeficient, NoResidualVariation):
        return None


def check_lags(market: MarketFit) -> tuple[Check, Check]:
    """Longer sets of lags against the chosen one: the best by BIC, and the very next lag alone.

    Returns
    -------
    tuple of Check
        ``lags``: 2 (l_longer - l_chosen) - k log n of the best longer set; ``detail`` names that set.
        ``memory``: sqrt(2 (l_longer - l_chosen)) of one more lag, a |z|; ``detail`` names that lag.
    """
    lags, gains = market.terms.lag_periods, lag_gains(market)
    memory = [gain for further, gain, _ in gains if further == (max(lags, default=0) + 1,)]
    # BIC's price of a parameter is log n (Schwarz 1978).
    priced = [(gain - len(further) * float(np.log(rows)), further) for further, gain, rows in gains]
    best, further = max(priced, default=(None, ()))
    return (
        grade("lags", best, detail=", ".join(str(lag) for lag in (*lags, *further)) if further else None),
        grade(
            "memory",
            float(np.sqrt(max(memory[0], 0.0))) if memory else None,
            review=critical_value(0.95),
            fail=critical_value(0.999),
            detail=_next(lags),
        ),
    )


def lag_gains(market: MarketFit) -> list[tuple[tuple[int, ...], float, int]]:
    """Further lags of each longer set, 2 (l_longer - l_chosen), and the rows that were compared."""
    effect = _design_effect(market)
    return [
        (further, gain / effect, rows) for family in _longer(market) for further, gain, rows in _gains(market, family)
    ]


def _design_effect(market: MarketFit) -> float:
    """How many times larger the variance of lagged sales is than the likelihood has it where errors are clustered.

    Likelihood ratios are divided by it, as by the design effect of a survey (Rao and Scott 1984); 1 elsewhere.
    """
    if market.design.cluster is None or market.rung == "pooled" or not market.terms.lags:
        return 1.0
    lags = [market.index(term) for term in market.terms.lags]
    model = np.diag(model_covariance(market.fit).values)[lags]
    return max(1.0, float(np.mean(np.diag(market.conditional)[lags] / model)))


def _next(lags: tuple[int, ...]) -> str | None:
    return str(max(lags) + 1) if lags else None


def _longer(market: MarketFit) -> list[list[tuple[int, ...]]]:
    """Lags that longer sets add, in families that are compared on the same rows: the next ones, and the year's."""
    lags = market.terms.lag_periods
    if not lags:
        return []
    year = PER_YEAR[market.frame.panel.period_type]
    sets = [tuple(range(max(lags) + 1, max(lags) + 1 + count)) for count in CONSECUTIVE]
    return [sets, [(year,)]] if year > max(lags) + 1 else [sets]


def _gains(market: MarketFit, family: list[tuple[int, ...]]) -> list[tuple[tuple[int, ...], float, int]]:
    """2 (l_longer - l_chosen) of each set on the rows where all lags of the family are known, and how many there are.

    Sales of the rows that the longer lags lose are columns of all models: given them the random intercept is
    independent of all lags (Wooldridge 2005). Many of them are summed up by their mean and the latest.
    """
    # The longest lags cost the most rows, and all sets of a family are compared on what the longest leaves: it goes
    # first.
    while family:
        lagged = _lagged(market, max(family, key=len))
        kept = np.asarray(np.isfinite(lagged).all(axis=1), dtype=np.bool_)
        rows = np.bincount(market.design.group[kept], minlength=market.design.groups)
        if np.median(rows) >= LEAST_ROWS:
            break
        family = family[:-1]
    else:
        return []
    base, before = _without_empty(market.design.rows(kept)), _before(market, kept)
    if before.shape[1]:
        base = add_columns(base, before, tuple(f"Lost{k}" for k in range(before.shape[1])))
    chosen, found = _fitted(market, base, near=market.ml), []
    for further in family:
        columns = lagged[kept][:, : len(further)]
        rival = _fitted(market, add_columns(base, columns, tuple(f"Further{lag}" for lag in further)), near=chosen)
        if chosen is not None and rival is not None:
            found.append((further, 2.0 * (rival.loglik - chosen.loglik), len(base.y)))
    return found


def _without_empty(design: Design) -> Design:
    """The design without columns that are zero in every row: a carry-over from before the record ends with its rows."""
    empty = np.flatnonzero(~design.x.any(axis=0))
    if not empty.size:
        return design
    return replace(
        design,
        x=np.delete(design.x, empty, axis=1),
        names=tuple(name for k, name in enumerate(design.names) if k not in set(empty.tolist())),
        period_at=design.period_at - int(np.sum(empty < design.period_at)),
    )


def _lagged(market: MarketFit, lags: tuple[int, ...]) -> Array:
    """Response so many periods before each row, (n, L); NaN where unknown."""
    frame, grid = market.frame, market.frame.response_grid()
    out = np.full((len(frame.response), len(lags)), np.nan)
    for k, lag in enumerate(lags):
        # Periods before the record are unknown, not zero.
        inside = frame.column >= lag
        out[inside, k] = grid[frame.group[inside], frame.column[inside] - lag]
    return out


def _before(market: MarketFit, kept: Booleans) -> Array:
    """Response of the first rows of each pharmacy that longer lags lose, for the rows that stay, (m, k)."""
    frame = market.frame
    groups = len(frame.pharmacies)
    first = np.full(groups, frame.panel.n_periods)
    np.minimum.at(first, frame.group[kept], frame.column[kept])
    early = frame.column < first[frame.group]
    count = np.bincount(frame.group[early], minlength=groups)
    sums = np.bincount(frame.group[early], weights=frame.response[early], minlength=groups)
    if not count.any():
        return np.empty((int(kept.sum()), 0))
    mean = np.where(count > 0, sums / np.maximum(count, 1), frame.response.mean())
    latest = mean.copy()
    rows = np.flatnonzero(early)
    # Rows of a pharmacy are in the order of periods, and of several assignments to one place the last stays.
    latest[frame.group[rows]] = frame.response[rows]
    columns = np.column_stack([mean, latest]) if count.max() > 1 else mean[:, None]
    return np.asarray(columns[frame.group[kept]])


def check_effect_by_size(market: MarketFit) -> tuple[Check, ...]:
    """Whether the first channel's effect changes with size beyond proportion; nothing but on the relative scale.

    sqrt(2 (l_with - l_without)) of adstock times the logarithm of size, a |z|.
    """
    frame, design = market.frame, market.design
    if frame.scale != "relative":
        return ()
    size = np.log(frame.sizes)[frame.group]
    column = design.column(market.terms.promotion[0]) * (size - size.mean())
    rival = _fitted(market, add_columns(design, column[:, None], ("Adstock_By_Size",)), near=market.ml)
    gain = None if rival is None else float(np.sqrt(max(2.0 * (rival.loglik - market.ml.loglik), 0.0)))
    return (grade("effect-by-size", gain),)


def rival_checks(market: MarketFit) -> tuple[Check, ...]:
    """All rivals of one market."""
    return (check_scale(market), *check_effect_by_size(market), *check_lags(market))
