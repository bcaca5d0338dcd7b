"""What happens to all pharmacies at once: period effects, season and trend as columns, and the choice between them.

``periods`` gives every calendar period an effect of its own (a nuisance: who was visited more than others in the
same period is all that is left to learn from). ``season+trend`` has a straight line and a yearly wave of as many
harmonics as a third of the periods can carry; the others are its parts. ``auto`` takes periods where promotion
differs enough between pharmacies within periods: at least ``LEAST_SHARE`` of the variance that adstock has within
pharmacies must be left once the periods' means are taken out too. Below that, common campaigns cannot be told from
whatever else happened in those periods, and the check ``common-campaigns`` says so.

A pharmacy's own trend is a random slope on time; as its level, it may depend on the first sales and on mean
promotion, so these times time are columns as well (sales that grow by a share of their size do just that).

Where the settings name territories, ``territory-periods`` gives every period of every territory an effect
(:mod:`reportgen.model.market.territories`), and ``auto`` takes these where promotion differs enough within them.

Periods seen in fewer than ``LEAST_PHARMACIES`` pharmacies share the effect of the period before them: an effect of
one row would fit that row exactly, and leaving its pharmacy out would leave the effect without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.market.territories import (
    LEAST_WITHIN,
    MOST_EFFECTS,
    cell_codes,
    cell_labels,
    effect_codes,
    sharing,
    territory_codes,
)
from reportgen.panel.features import ModelFrame, promotion_term
from reportgen.panel.periods import PER_YEAR
from reportgen.results import ModelTerm, TermRole, TimeKind
from reportgen.settings.sections import Settings

LEAST_SHARE = 0.2
"""Share of adstock's variance within pharmacies that must be left after period effects."""
LEAST_PHARMACIES = 3
PROBE_DECAY = 0.5
"""Decay at which columns are examined before any fit."""
HARMONICS = {"month": 6, "week": 13, "quarter": 2}
"""Harmonics of the yearly wave at most: months and quarters can carry no more, weeks see four weeks and longer."""
TREND = "Trend"

TIME_COLUMNS: tuple[TermRole, ...] = ("trend", "season", "period")
"""Roles of the columns that are the same for all pharmacies."""
TerritoryReason = Literal[
    "set", "varies-within-territories", "decided-for-territories", "too-many-effects", "too-few-rows"
]
PERIOD_KINDS: tuple[TimeKind, ...] = ("periods", "territory-periods")
"""Kinds with an effect of every period."""
ChoiceReason = Literal["set", "varies-within-periods", "varies-within-territories", "common-campaigns", "too-few-rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeChoice:
    """How time enters the model, and why.

    Attributes
    ----------
    kind, reason
        What was taken, and the code of the reason.
    shares
        Share of each channel's adstock variance within pharmacies that period effects leave, (c,); ``None`` where it
        has none. Effects of a territory's periods with ``territory-periods``, else those of the market's.
    within, territories
        The smallest share that effects of a territory's periods leave, and why these are in the model or are not;
        ``None`` without territories.
    """

    kind: TimeKind
    reason: ChoiceReason
    shares: tuple[float | None, ...]
    within: float | None = None
    territories: TerritoryReason | None = None

    @property
    def least(self) -> float | None:
        """The smallest of the shares: the channel that moves most in common decides."""
        return _least(self.shares)

    @property
    def asked(self) -> float:
        """The share that ``auto`` asks for."""
        return LEAST_WITHIN if self.kind == "territory-periods" else LEAST_SHARE


def _least(shares: Sequence[float | None]) -> float | None:
    return min((share for share in shares if share is not None), default=None)


def choose_time(frame: ModelFrame, settings: Settings) -> TimeChoice:
    """What ``model.time`` asks for, and what ``auto`` finds on these rows."""
    wanted = settings.model.time
    if territory_codes(frame) is not None:
        return _choose_with_territories(frame, settings)
    if wanted == "territory-periods":
        # A market of one territory: its periods are those of the market.
        return TimeChoice(kind="periods", reason="set", shares=share_left(frame, settings))
    return _choose(frame, settings)


def _choose(frame: ModelFrame, settings: Settings) -> TimeChoice:
    """The choice without effects of a territory's periods."""
    shares = share_left(frame, settings)
    if settings.model.time != "auto":
        return TimeChoice(kind=settings.model.time, reason="set", shares=shares)
    least = _least(shares)
    if least is not None and least < LEAST_SHARE:
        return TimeChoice(kind=_supported(frame), reason="common-campaigns", shares=shares)
    if _too_few_rows(frame, settings, by_territory=False):
        return TimeChoice(kind=_supported(frame), reason="too-few-rows", shares=shares)
    return TimeChoice(kind="periods", reason="varies-within-periods", shares=shares)


def _choose_with_territories(frame: ModelFrame, settings: Settings) -> TimeChoice:
    wanted = settings.model.time
    shares = share_left(frame, settings, by_territory=True)
    within = _least(shares)
    if wanted == "territory-periods":
        return TimeChoice(kind=wanted, reason="set", shares=shares, within=within, territories="set")
    why: TerritoryReason = "varies-within-territories"
    if wanted != "auto":
        why = "set"
    elif within is None or within < LEAST_WITHIN:
        why = "decided-for-territories"
    elif int(cell_codes(frame).max(initial=0)) >= MOST_EFFECTS:
        why = "too-many-effects"
    elif _too_few_rows(frame, settings, by_territory=True):
        why = "too-few-rows"
    if why == "varies-within-territories":
        return TimeChoice(kind="territory-periods", reason=why, shares=shares, within=within, territories=why)
    return replace(_choose(frame, settings), within=within, territories=why)


def _too_few_rows(frame: ModelFrame, settings: Settings, *, by_territory: bool) -> bool:
    """Every pharmacy's own coefficients count in full: with fewer rows the residual has nothing of its own."""
    slopes = 1 + len(frame.channel_terms) * settings.model.random_slope
    columns = 4 + 4 * len(frame.channel_terms) + frame.lags.shape[1] + frame.controls.shape[1]
    effects = int(period_codes(frame, by_territory=by_territory).max(initial=0))
    return bool(len(frame.response) <= columns + effects + slopes * len(frame.pharmacies))


def _supported(frame: ModelFrame) -> TimeKind:
    """Season and trend, as far as the record goes."""
    return "season+trend" if harmonics(frame) else "trend"


def share_left(frame: ModelFrame, settings: Settings, *, by_territory: bool = False) -> tuple[float | None, ...]:
    """Share of the variance that each channel's adstock has within pharmacies left by period effects, (c,).

    At ``adstock.decay`` where that is a number, else at ``PROBE_DECAY``. Pharmacies' and periods' means are taken out
    in turn until nothing changes, which is least squares on both, whatever cells are missing.
    """
    decay = settings.adstock.decay
    rate = PROBE_DECAY if decay == "estimate" else float(decay)
    if not len(frame.response):
        return (None,) * len(frame.channel_terms)
    columns = frame.adstock((rate,) * len(frame.channel_terms))
    within = _without_means(columns, frame.group)
    left, codes = within, period_codes(frame, by_territory=by_territory)
    for _ in range(SWEEPS):
        before = left
        left = _without_means(_without_means(left, codes), frame.group)
        if np.max(np.abs(left - before), initial=0.0) <= 1e-6 * np.max(np.abs(within), initial=0.0):
            break
    whole, rest = np.sum(within**2, axis=0), np.sum(left**2, axis=0)
    return tuple(float(rest[k] / whole[k]) if whole[k] > 0.0 else None for k in range(len(whole)))


SWEEPS = 100
"""Rounds of taking means out; balanced panels need one."""


def _without_means(columns: Array, code: Index) -> Array:
    counts = np.bincount(code)
    means = np.stack([np.bincount(code, weights=column) for column in columns.T], axis=1)
    return np.asarray(columns - (means / np.maximum(counts, 1)[:, None])[code])


def period_codes(frame: ModelFrame, *, by_territory: bool = False) -> Index:
    """Code 0..T-1 of each row's period effect, (n,), in calendar order; thin periods have that of their neighbour."""
    if by_territory:
        return np.asarray(cell_codes(frame)[sharing(frame)[frame.group], frame.column])
    return code_of_columns(frame)[frame.column]


def code_of_columns(frame: ModelFrame) -> Index:
    """Code of the period effect of every calendar period, (T,), also of those without rows."""
    return np.asarray(
        effect_codes(np.bincount(frame.column, minlength=frame.panel.n_periods)[None], LEAST_PHARMACIES)[0]
    )


def period_labels(frame: ModelFrame) -> tuple[str, ...]:
    """Label of the period that opens each code."""
    codes = code_of_columns(frame)
    # codes never falls, so the first place of a code is the period that opened it.
    opens = np.searchsorted(codes, np.arange(int(codes[frame.column].max()) + 1))
    counts = np.bincount(frame.column, minlength=frame.panel.n_periods)
    first = int(np.flatnonzero(counts)[0])
    return tuple(frame.panel.period_label(max(int(column), first)) for column in opens)


def harmonics(frame: ModelFrame) -> int:
    """Waves of the season that a third of the periods can carry beside a level and a trend."""
    return _waves(frame, int(np.unique(frame.column).size))


def _waves(frame: ModelFrame, periods: int) -> int:
    # Level, trend and two columns a wave: 2 k + 2 of a third of the periods, the last wave also where one column is
    # missing for it.
    return max(0, min(HARMONICS[frame.panel.period_type], (periods // 3 - 1) // 2))


def time_terms(frame: ModelFrame, kind: TimeKind, *, pharmacy_trend: bool, corrected: bool) -> list[ModelTerm]:
    """Columns of time, the one a reader reads (the trend) first."""
    terms = []
    if kind in ("season+trend", "trend"):
        terms.append(ModelTerm(term=TREND, role="trend"))
    if pharmacy_trend and corrected:
        terms += [ModelTerm(term=f"{name}_{TREND}", role="initial-trend") for name in frame.correction_names[:1]]
        terms += [
            ModelTerm(term=f"{promotion_term('Mean', label)}_{TREND}", role="initial-trend", channel=k, label=label)
            for k, label in enumerate(frame.channel_labels[: len(frame.channel_terms)])
        ]
    if kind in ("season+trend", "season"):
        terms += [
            ModelTerm(term=f"Season_{part}{k}", role="season", lag=k, label=part)
            for k in range(1, harmonics(frame) + 1)
            # The shortest wave takes two periods, and its sine is zero in all of them.
            for part in (("Cos", "Sin") if 2 * k < PER_YEAR[frame.panel.period_type] else ("Cos",))
        ]
    if kind == "periods":
        terms += [ModelTerm(term=f"Period_{label}", role="period", label=label) for label in period_labels(frame)[1:]]
    if kind == "territory-periods":
        terms += [
            ModelTerm(term=f"Period_{label}_{territory}", role="period", label=label)
            for label, territory in cell_labels(frame)[1:]
        ]
    return terms


def trend_of(frame: ModelFrame, columns: Index | Array) -> Array:
    """Years since the middle of the rows' record."""
    # Centred, so that level and trend are nearly orthogonal.
    middle = 0.5 * (int(frame.column.min()) + int(frame.column.max()))
    return (np.asarray(columns, dtype=np.float64) - middle) / PER_YEAR[frame.panel.period_type]


def calendar_columns(
    frame: ModelFrame, terms: Sequence[ModelTerm], *, by_territory: bool = False, beyond: int = 0
) -> dict[str, Array]:
    """Columns of time of every calendar period, (T,) each, or (G, T) for effects of a territory's periods.

    Those of a pharmacy's own trend are not among them. Season and trend also of the periods ``beyond`` the record.
    """
    every = np.arange(frame.panel.n_periods + beyond)
    # By the month of the year and not of the record: a market that starts in May has its winter where the others have
    # it.
    angle = 2.0 * np.pi * (every + frame.panel.first_period) / PER_YEAR[frame.panel.period_type]
    known = {TREND: trend_of(frame, every)}
    codes = cell_codes(frame)[sharing(frame)] if by_territory else code_of_columns(frame)
    number = 0
    for column in terms:
        if column.role == "season":
            wave = np.cos if column.label == "Cos" else np.sin
            known[column.term] = wave((column.lag or 0) * angle)
        elif column.role == "period":
            number += 1
            known[column.term] = (codes == number).astype(np.float64)
    return known


def own_trend_columns(frame: ModelFrame, terms: Sequence[ModelTerm]) -> dict[str, Array]:
    """First sales and mean promotion of each pharmacy times the trend, (n,) each, centred over pharmacies."""
    trend, group = trend_of(frame, frame.column), frame.group
    sizes = np.bincount(group)[:, None]
    dose = np.stack([np.bincount(group, weights=column) for column in frame.promotion.T], axis=1) / sizes
    known = {}
    for column in terms:
        if column.role == "initial-trend":
            values = frame.correction[:, 0] if column.channel is None else dose[group, column.channel]
            # Centred, so that the trend itself stays that of an average pharmacy.
            known[column.term] = (values - values.mean()) * trend
    return known


def foreseen(frame: ModelFrame, effects: Array, seen: Index, coming: Index) -> Array:
    """Effects of the calendar columns ``coming`` (k,) from those of the columns ``seen`` (T,), by least squares.

    On a straight line and the waves that a third of the seen periods can carry; further than that nothing is known.
    """
    angle = 2.0 * np.pi * frame.panel.first_period / PER_YEAR[frame.panel.period_type]

    def basis(columns: Index) -> Array:
        turn = angle + 2.0 * np.pi * columns / PER_YEAR[frame.panel.period_type]
        waves = [wave(k * turn) for k in range(1, _waves(frame, len(seen)) + 1) for wave in (np.cos, np.sin)]
        return np.stack([np.ones(len(columns)), trend_of(frame, columns), *waves], axis=1)

    weights = np.linalg.lstsq(basis(seen), effects, rcond=None)[0]
    return np.asarray(basis(coming) @ weights)


def common_controls(frame: ModelFrame, *, by_territory: bool = False) -> tuple[str, ...]:
    """Controls that are the same for all pharmacies (of a territory) in every period and move: period effects contain
    them.
    """
    if not frame.control_names or not len(frame.response):
        return ()
    left = _without_means(frame.controls, period_codes(frame, by_territory=by_territory))
    # Of squares: what is left of a column that moves with the calendar alone is rounding, a billionth of its size.
    size = 1e-18 * np.mean(frame.controls**2, axis=0)
    gone = (np.mean(left**2, axis=0) <= size) & (np.var(frame.controls, axis=0) > size)
    return tuple(name for name, same in zip(frame.control_names, gone, strict=True) if same)
