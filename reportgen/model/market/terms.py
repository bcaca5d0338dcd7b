"""From model rows to design matrices: which columns a model has, and what they are called.

One place decides the terms of the default model, of the plain seed model and of the model
without promotion, so that every variant is fitted on identical rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from reportgen.model.lmm.columns import RANK_TOLERANCE, Array, Design, with_periods
from reportgen.model.market.calendar import (
    PERIOD_KINDS,
    PROBE_DECAY,
    TREND,
    calendar_columns,
    common_controls,
    own_trend_columns,
    period_codes,
    time_terms,
    trend_of,
)
from reportgen.model.market.territories import territory_codes
from reportgen.panel.features import INTERCEPT, ModelFrame, promotion_term
from reportgen.results import ModelTerm, TermRole, TimeKind

CORRECTED_PARTS: dict[str, TermRole] = {
    "Mean": "mean-promotion",
    "Initial": "initial-promotion",
    "Presample": "presample-promotion",
}
CORRECTION_ROLES: tuple[TermRole, ...] = ("initial-sales", *CORRECTED_PARTS.values())
DROPPED_ROLES: tuple[TermRole, ...] = (*CORRECTION_ROLES, "trend", "initial-trend", "season")
"""Columns that a market's rows need not be able to carry."""
PERIOD = "Period"
TIME_ROLES: tuple[TermRole, ...] = ("trend", "initial-trend", "season", "period")
NUISANCE_ROLES: tuple[TermRole, ...] = ("initial-trend", "season", "period")
"""Columns that no reader reads one by one: they stand last and are not among the rows of the coefficient table."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The columns of a model by role: fixed effects in the order of the coefficients, random effects by name."""

    columns: tuple[ModelTerm, ...]
    random: tuple[str, ...]
    response: str
    by_territory: bool = False
    """Whether effects of periods are those of each territory's."""
    clustered: bool = False
    """Whether errors of the pharmacies of one territory may be correlated."""

    def named(self, *roles: TermRole) -> tuple[str, ...]:
        """Names of the fixed effects with one of these roles, in order."""
        return tuple(column.term for column in self.columns if column.role in roles)

    def keep(self, wanted: Callable[[ModelTerm], bool]) -> Terms:
        """The same with the fixed effects that are ``wanted``."""
        return replace(self, columns=tuple(column for column in self.columns if wanted(column)))

    def adding(self, columns: Sequence[ModelTerm]) -> Terms:
        """The same with further fixed effects at the end."""
        return replace(self, columns=(*self.columns, *columns))

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """All fixed-effect columns in the order of the coefficient table."""
        return tuple(column.term for column in self.columns)

    @cached_property
    def promotion(self) -> tuple[str, ...]:
        """Adstock columns, one per channel."""
        return self.named("promotion")

    @cached_property
    def lags(self) -> tuple[str, ...]:
        """Lagged responses."""
        return self.named("lag")

    @cached_property
    def lag_periods(self) -> tuple[int, ...]:
        """Periods back of each of ``lags``."""
        return tuple(column.lag or 0 for column in self.columns if column.role == "lag")

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Columns of the table that stand beside promotion."""
        return self.named("control")

    @cached_property
    def correction(self) -> tuple[str, ...]:
        """Columns between pharmacies that take up what lagged sales and promotion have in common with their level."""
        return self.named(*CORRECTION_ROLES)

    @cached_property
    def time(self) -> tuple[ModelTerm, ...]:
        """Columns of what happens to all pharmacies at once, and of their own trends."""
        return tuple(column for column in self.columns if column.role in TIME_ROLES)

    @cached_property
    def read(self) -> tuple[ModelTerm, ...]:
        """The columns that are rows of the coefficient table: the first of all."""
        return tuple(column for column in self.columns if column.role not in NUISANCE_ROLES)

    @property
    def formula(self) -> str:
        """The fixed part as one would type it in statsmodels; effects of periods are one factor."""
        names = [column.term for column in self.columns[1:] if column.role != "period"]
        names += ["C(Period):C(Territory)" if self.by_territory else "C(Period)"] * bool(self.named("period"))
        return f"{self.response} ~ " + " + ".join(names or ("1",))

    @property
    def random_formula(self) -> str:
        """The random part as one would type it in statsmodels."""
        return "~ " + " + ".join(self.random[1:] or ("1",))


def model_terms(
    frame: ModelFrame, *, correction: bool, random_slope: bool, time: TimeKind = "none", pharmacy_trend: bool = False
) -> Terms:
    """Terms of the model on this frame; ``time`` as :mod:`reportgen.model.market.calendar` explains.

    The initial-conditions correction adds, per pharmacy, the first lagged sale (Wooldridge 2005), mean adstocked
    promotion (Mundlak 1978), adstocked promotion in the first row, and mean promotion times decay^k, k the periods
    since the first row a pharmacy may have. The last stands for the carry-over of promotion before the record: its
    coefficient is free, so it is right whether or not there was any. Without these two the estimated decay and the
    promotion effect are too low (100 pharmacies, decay .5: 12 months without earlier promotion -7 %; with it
    -17 %, and -8 % at 36 months, where 95 % intervals cover 73 %).
    """
    columns = [ModelTerm(term=INTERCEPT, role="intercept")]
    columns += _by_channel(frame, frame.channel_terms, "promotion")
    columns += [
        ModelTerm(term=name, role="lag", lag=k) for name, k in zip(frame.lag_names, frame.lag_periods, strict=True)
    ]
    by_territory = time == "territory-periods"
    absorbed = common_controls(frame, by_territory=by_territory) if time in PERIOD_KINDS else ()
    columns += [
        ModelTerm(term=name, role="control", label=name) for name in frame.control_names if name not in absorbed
    ]
    if correction:
        columns += [ModelTerm(term=name, role="initial-sales", lag=1) for name in frame.correction_names]
        for part, role in CORRECTED_PARTS.items():
            names = tuple(promotion_term(part, label) for label in frame.channel_labels)
            columns += _by_channel(frame, names[: len(frame.channel_terms)], role)
    columns += time_terms(frame, time, pharmacy_trend=pharmacy_trend, corrected=correction)
    random = (INTERCEPT, *(TREND,) * pharmacy_trend, *(frame.channel_terms if random_slope else ()))
    return Terms(
        columns=tuple(columns), random=random, response=frame.response_name, by_territory=by_territory,
        clustered=not by_territory and territory_codes(frame) is not None,
    )  # fmt: skip


def _by_channel(frame: ModelFrame, names: tuple[str, ...], role: TermRole) -> list[ModelTerm]:
    labels = frame.channel_labels
    return [ModelTerm(term=name, role=role, channel=c, label=labels[c]) for c, name in enumerate(names)]


def decay_terms(frame: ModelFrame, terms: Terms) -> Terms:
    """Terms of the model in which decays are estimated, by ML: the correction has everything before the first row.

    Given the sales and promotion of the periods that the lags lose the likelihood is exact (Wooldridge 2005). With the
    reported correction instead, the likelihood ratio of the true decay averages 1.3 instead of 1 at 12 months and
    its 95 % interval covers 90 %; with this one 1.05 and 96 % (500 markets of 100 pharmacies). The reported model
    keeps fewer columns: by REML, which counts lagged sales as fixed, every column between pharmacies biases
    persistence down (by 0.4 standard errors with these, 0.0 with the reported ones).
    """
    if not terms.correction:
        return terms
    # Time stays last: the effects of periods must be the end of the columns (see market_design).
    kept = tuple(column for column in terms.columns if column.role not in (*CORRECTION_ROLES, *TIME_ROLES))
    presample = tuple(column for column in terms.columns if column.role == "presample-promotion")
    full = replace(terms, columns=(*kept, *frame.initial_terms, *presample, *terms.time))
    # More columns than rows can tell apart: the reported correction has to do.
    if len(frame.response) <= len(full.fixed) + len(terms.random) * len(frame.pharmacies):
        return terms
    return without_dependent(market_design(frame, full, (PROBE_DECAY,) * len(terms.promotion)), full)


def market_design(frame: ModelFrame, terms: Terms, decays: Sequence[float]) -> Design:
    """Rows and columns of ``terms`` at one decay per channel."""
    adstock = frame.adstock(tuple(decays))
    known = {INTERCEPT: np.ones(len(frame.response))}
    for names, block in (
        (frame.channel_terms, adstock),
        (frame.lag_names, frame.lags),
        (frame.control_names, frame.controls),
    ):
        known.update({name: block[:, k] for k, name in enumerate(names)})
    if terms.correction:
        known.update({column.term: frame.initial[:, k] for k, column in enumerate(frame.initial_terms)})
        known.update(_correction_columns(frame, adstock, np.asarray(decays, dtype=np.float64)))
    if terms.time or TREND in terms.random:
        known[TREND] = trend_of(frame, frame.column)
        waves = tuple(column for column in terms.time if column.role == "season")
        known.update({name: grid[frame.column] for name, grid in calendar_columns(frame, waves).items()})
        known.update(own_trend_columns(frame, terms.time))
    periods = terms.named("period")
    # The indicators of the periods are not built here: with_periods adds them by their codes.
    names = terms.fixed[: len(terms.fixed) - len(periods)]
    design = Design(
        y=frame.response,
        x=np.column_stack([known[name] for name in names]),
        z=np.column_stack([known[name] for name in terms.random]),
        group=frame.group.astype(np.intp),
        groups=len(frame.pharmacies),
        names=names,
        z_names=terms.random,
        y_name=terms.response,
        cluster=territory_codes(frame) if terms.clustered else None,
    )
    return with_periods(design, period_codes(frame, by_territory=terms.by_territory), periods) if periods else design


def market_designs(frame: ModelFrame, terms: Terms, decays: Sequence[Sequence[float]]) -> list[Design]:
    """:func:`market_design` at each of many decays: only what promotion makes is computed again."""
    first = market_design(frame, terms, decays[0])
    made = [first]
    for values in decays[1:]:
        adstock = frame.adstock(tuple(values))
        moved = {name: adstock[:, k] for k, name in enumerate(frame.channel_terms)}
        if terms.correction:
            moved.update(_correction_columns(frame, adstock, np.asarray(values, dtype=np.float64)))
        x, z = first.x.copy(), first.z.copy()
        # Up to the first period effect: what follows does not depend on the decay.
        for columns, names in ((x, first.names[: first.period_at or None]), (z, first.z_names)):
            for k, name in enumerate(names):
                if name in moved:
                    columns[:, k] = moved[name]
        made.append(replace(first, x=x, z=z))
    return made


def with_slopes_by_level(design: Design, frame: ModelFrame, terms: Terms) -> Design:
    """The design with adstock times the pharmacy's mean promotion (about its average), a column per channel.

    Where visits go to pharmacies that respond more, a random slope that counts as independent of them bends the
    response upwards, and hides that it flattens: with these columns only what happens within pharmacies tells a curve
    from a line.
    """
    sizes = np.bincount(frame.group)
    means = np.stack([np.bincount(frame.group, weights=dose) / sizes for dose in frame.promotion.T], axis=1)
    level = (means - means.mean(axis=0))[frame.group]
    made = np.column_stack([design.column(term) * level[:, k] for k, term in enumerate(terms.promotion)])
    names = tuple(f"{term}_By_Level" for term in terms.promotion)
    return replace(design, x=np.column_stack([design.x, made]), names=(*design.names, *names))


def _correction_columns(frame: ModelFrame, adstock: Array, decays: Array) -> dict[str, Array]:
    """First lagged sale, mean, first and pre-sample adstock of each pharmacy, by term, (n,) each."""
    group = frame.group
    starts = np.searchsorted(group, np.arange(len(frame.pharmacies)))
    sizes = np.bincount(group)[:, None]
    mean = np.add.reduceat(adstock, starts, axis=0) / sizes
    dose = np.add.reduceat(frame.promotion, starts, axis=0) / sizes
    # Periods since the first row of the record, not since the first used one: what promotion before the record left
    # fades from there on.
    age = frame.column - frame.panel.kept[frame.grid_rows].argmax(axis=1)[group]
    fading = decays ** (age - age.min())[:, None].astype(np.float64)
    columns = np.column_stack([frame.correction, mean[group], adstock[starts][group], fading * dose[group]])
    full = model_terms(frame, correction=True, random_slope=False).correction
    return {name: columns[:, k] for k, name in enumerate(full)}


def without_dependent(design: Design, terms: Terms) -> Terms:
    """Terms without the columns of correction and time that are constant or combinations of the columns before them."""
    dependent = set(dependent_columns(design))
    return terms.keep(lambda column: column.role not in DROPPED_ROLES or column.term not in dependent)


def dependent_columns(design: Design) -> dict[str, str]:
    """Columns that add nothing to the ones before them, each with the column it is closest to ("" if zero).

    Effects of periods count as before all others: what varies between periods only adds nothing to them.
    """
    norms = np.sqrt(np.sum(design.x**2, axis=0))
    columns = design.x
    order = list(range(len(design.names)))
    if design.period is not None:
        counts = np.bincount(design.period)
        own = set(range(design.period_at, design.period_at + len(counts) - 1)) | {0}
        order = [k for k in order if k not in own]
        # The columns' period means are what the effects of periods explain (Frisch and Waugh 1933).
        means = np.stack([np.bincount(design.period, weights=design.x[:, k]) for k in order], axis=1)
        columns = columns.copy()
        columns[:, order] -= (means / counts[:, None])[design.period]
    found: dict[str, str] = {}
    kept: list[int] = []
    for k in order:
        name = design.names[k]
        if not norms[k] > 0.0:
            found[name] = ""
            continue
        basis, column = columns[:, kept] / norms[kept], columns[:, k] / norms[k]
        weights = np.linalg.lstsq(basis, column, rcond=None)[0] if kept else np.zeros(0)
        # Measured against the column as it was, period means included: what is left of a column that only moves with
        # the calendar is rounding.
        if (kept or design.period is not None) and np.linalg.norm(column - basis @ weights) < RANK_TOLERANCE:
            constant = np.ptp(design.x[:, k]) <= RANK_TOLERANCE * norms[k]
            like = INTERCEPT if constant else PERIOD
            found[name] = design.names[kept[int(np.argmax(np.abs(weights)))]] if np.any(weights) else like
        else:
            kept.append(k)
    return found
