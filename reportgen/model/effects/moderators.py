"""The promotion effect class by class: columns that sort pharmacies interact with promotion.

For each column of ``model.moderators`` the reported model is fitted once more with one promotion column a class
instead of one for all, a level for every class, and mean promotion by class (Mundlak's correction for each slope), on
the same rows and at the same carry-over; what the carry-over leaves open is carried along its profile as for the
market. The market's own estimates stay those of the model without classes.

Whether classes differ at all is a Wald F test of equal coefficients on the smallest of the Satterthwaite df of its
contrasts (which is on the safe side; Kuznetsova, Brockhoff and Christensen 2017 combine them).

Classes of fewer than ``LEAST_PHARMACIES`` pharmacies are told together, as the class without a name; where these are
too few together as well, they are in the model and not told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import f as fisher

from reportgen.model.effects.responses import is_stationary, long_run, long_run_gradient
from reportgen.model.lmm.columns import Array, Design, Index, NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.inference import degrees_of_freedom, fixed_covariance
from reportgen.model.market.decay_mixture import DecayMixture, Mixture, carried_long_run, fit_designs
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.terms import dependent_columns, market_designs
from reportgen.results import ClassEffect, EffectSize, ModeratorEffects

LEAST_PHARMACIES = 3
MOST_CLASSES = 12


def moderator_effects(market: MarketFit, confidence: float) -> tuple[ModeratorEffects, ...]:
    """One entry a column of the settings, in their order."""
    frame = market.frame
    made = []
    for column, values in frame.panel.moderators:
        codes, names = classes_of(tuple(values[row] for row in frame.grid_rows))
        if market.rung == "pooled":
            made.append(ModeratorEffects(column=column, reason="pooled"))
        elif np.sum(np.bincount(codes) >= LEAST_PHARMACIES) < 2:
            made.append(ModeratorEffects(column=column, reason="one-class"))
        elif len(names) > MOST_CLASSES:
            made.append(ModeratorEffects(column=column, reason="many-classes"))
        else:
            made.append(_by_class(market, column, codes, names, confidence))
    return tuple(made)


def classes_of(values: tuple[str, ...]) -> tuple[Index, tuple[str, ...]]:
    """Class 0..K-1 of each pharmacy, (G,), and their names in order; small classes together, named "", at the end."""
    found, codes = np.unique(np.array(values, dtype=object).astype(str), return_inverse=True)
    small = np.bincount(codes) < LEAST_PHARMACIES
    joined = np.where(small[codes], len(found), codes)
    kept, codes = np.unique(joined, return_inverse=True)
    names = tuple("" if k == len(found) else str(found[k]) for k in kept)
    return codes.astype(np.intp), names


def class_design(market: MarketFit, design: Design, codes: Index) -> Design:
    """The design with one column a class for each promotion channel, at the end of the fixed ones."""
    terms = market.terms
    member = (codes[design.group][:, None] == np.arange(int(codes.max()) + 1)).astype(np.float64)
    kept = [k for k, name in enumerate(design.names) if name not in terms.promotion]
    blocks, names = [design.x[:, kept]], [design.names[k] for k in kept]
    for term in terms.promotion:
        blocks.append(design.column(term)[:, None] * member)
        names += [_name(term, k) for k in range(member.shape[1])]
    blocks.append(member[:, 1:])
    names += [_name("Class", k) for k in range(1, member.shape[1])]
    for term in terms.named("mean-promotion"):
        blocks.append(design.column(term)[:, None] * member[:, 1:])
        names += [_name(term, k) for k in range(1, member.shape[1])]
    return replace(
        design, x=np.column_stack(blocks), names=tuple(names), period_at=design.period_at - len(terms.promotion)
    )


def _name(term: str, k: int) -> str:
    return f"{term}[{k}]"


def _by_class(
    market: MarketFit, column: str, codes: Index, names: tuple[str, ...], confidence: float
) -> ModeratorEffects:
    """One column's classes; without numbers where its columns cannot be told apart or fitted."""
    mixture = market.mixture
    decays = [market.decays] if mixture is None else [market.decays, *((float(d),) for d in mixture.decays)]
    designs = [class_design(market, one, codes) for one in market_designs(market.frame, market.terms, decays)]
    promotion = {_name(term, k) for term in market.terms.promotion for k in range(len(names))}
    dependent = set(dependent_columns(designs[0]))
    if dependent & promotion:
        return ModeratorEffects(column=column, reason="not-told-apart")
    try:
        fits = fit_designs([_without(one, dependent) for one in designs], market.fit)
    except (RankDeficient, NoResidualVariation):
        return ModeratorEffects(column=column, reason="not-told-apart")
    if not fits[0].certified:
        return ModeratorEffects(column=column, reason="not-certified")
    along, covariance = None if mixture is None else _along(mixture, fits[1:]), fixed_covariance(fits[0]).values
    sizes = np.bincount(codes)
    effects = tuple(
        _effect(market, fits[0], covariance, along, channel, k, name, int(sizes[k]), confidence)
        for channel in range(len(market.terms.promotion))
        for k, name in enumerate(names)
        if sizes[k] >= LEAST_PHARMACIES
    )
    statistic, df, p = _differ(market, fits[0], covariance, len(names))
    return ModeratorEffects(column=column, classes=effects, statistic=statistic, df=(float(len(names) - 1), df), p=p)


def _without(design: Design, names: set[str]) -> Design:
    kept = [k for k, name in enumerate(design.names) if name not in names]
    before = sum(k < design.period_at for k, name in enumerate(design.names) if name in names)
    return replace(
        design, x=design.x[:, kept], names=tuple(design.names[k] for k in kept), period_at=design.period_at - before
    )


def _along(mixture: DecayMixture, fits: tuple[LmmFit, ...]) -> DecayMixture:
    known = [fixed_covariance(fit) for fit in fits]
    return replace(
        mixture,
        fits=fits,
        beta=np.array([fit.beta for fit in fits]),
        covariance=np.array([one.values for one in known]),
        df=np.array([one.df for one in known]),
    )


def _effect(
    market: MarketFit, fit: LmmFit, covariance: Array, along: DecayMixture | None, channel: int, k: int, name: str,
    pharmacies: int, confidence: float,
) -> ClassEffect:  # fmt: skip
    """First period and kept up of one class and channel."""
    terms, names, normalize = market.terms, fit.design.names, market.frame.normalize
    order = [names.index(_name(terms.promotion[channel], k)), *(names.index(lag) for lag in terms.lags)]
    decay, phi, periods = market.decays[channel], fit.beta[order[1:]], terms.lag_periods
    now, kept = (1.0 - decay, 1.0) if normalize else (1.0, 1.0 / (1.0 - decay))
    beta = float(fit.beta[order[0]])
    covariance = _widened(market, channel, covariance[np.ix_(order, order)])
    contrast = np.zeros((1, len(fit.beta)))
    contrast[0, order] = long_run_gradient(beta, phi) if is_stationary(phi, periods) else np.eye(len(order))[0]
    df = float(degrees_of_freedom(fit, contrast)[0])
    scaled = np.diag([kept, *np.ones(len(phi))])
    final = long_run(
        kept * beta, phi, scaled @ covariance @ scaled, lags=periods, decay=decay, confidence=confidence, df=df
    )
    single = Mixture(
        weights=np.ones(1), centre=np.array([[now * beta]]), se=np.array([[now * np.sqrt(covariance[0, 0])]]),
        df=np.array([[df]]),
    )  # fmt: skip
    if along is not None:
        weight = 1.0 - along.decays if normalize else np.ones(len(along.decays))
        final = carried_long_run(
            final, along, order, weight=1.0 if normalize else 1.0 / (1.0 - along.decays), confidence=confidence, df=df
        )
        single = Mixture(
            weights=along.weights,
            centre=(weight * along.beta[:, order[0]])[:, None],
            se=(weight * np.sqrt(along.covariance[:, order[0], order[0]]))[:, None],
            df=along.df[:, order[0], None],
        )
    lower, upper = (float(limit[0]) for limit in single.interval(confidence))
    return ClassEffect(
        name=name,
        pharmacies=pharmacies,
        channel=market.frame.panel.channels[channel],
        first_period=EffectSize(estimate=now * beta, lower=lower, upper=upper),
        kept_up=EffectSize(
            estimate=final.estimate, lower=final.lower, upper=final.upper,
            withheld=None if final.stationary else "stationarity",
        ),
    )  # fmt: skip


def _widened(market: MarketFit, channel: int, covariance: Array) -> Array:
    """Covariance at given decays with the share that several estimated decays add to the market's own coefficient."""
    if market.mixture is not None:
        return covariance
    k = market.index(market.terms.promotion[channel])
    given = market.conditional[k, k]
    return covariance * (market.covariance.values[k, k] / given if given > 0.0 else 1.0)


def _differ(
    market: MarketFit, fit: LmmFit, covariance: Array, count: int
) -> tuple[float | None, float | None, float | None]:
    """Wald F of equal coefficients of the first channel, its second df, and p."""
    at = [fit.design.names.index(_name(market.terms.promotion[0], k)) for k in range(count)]
    contrasts = np.zeros((count - 1, len(fit.beta)))
    contrasts[:, at[0]] = -1.0
    contrasts[np.arange(count - 1), at[1:]] = 1.0
    spread = contrasts @ covariance @ contrasts.T
    apart, df = contrasts @ fit.beta, float(np.min(degrees_of_freedom(fit, contrasts)))
    if fit.design.cluster is not None:
        # Hotelling's T² on few clusters: with q contrasts df - q + 1 are left (Pustejovsky and Tipton 2018).
        left = df - (count - 1) + 1.0
        if left <= 0.0 or np.linalg.matrix_rank(spread) < count - 1:
            return None, None, None
        statistic = left / df * float(apart @ np.linalg.solve(spread, apart)) / (count - 1)
        return statistic, left, float(fisher.sf(statistic, count - 1, left))
    statistic = float(apart @ np.linalg.solve(spread, apart)) / (count - 1)
    return statistic, df, float(fisher.sf(statistic, count - 1, df))
