"""What promotion does: carry-over, the response over time, money, and pharmacy by pharmacy."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from typing import Literal

from reportgen.results.verdict import Verdict

CurveKind = Literal["log", "hill", "exponential"]
"""Member of the family of concave responses (``panel.curves``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayPoint:
    """One point of the profile."""

    decay: float
    loglik_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecaySummary:
    """Estimated carry-over of one channel and the profile it was read from."""

    channel: str
    estimate: float
    lower: float | None
    upper: float | None
    at_edge: bool
    estimated: bool
    profile: tuple[DecayPoint, ...]
    lag_correlation: float | None
    """Correlation of the estimates of decay and of the lag-1 coefficient (the Koyck ridge)."""
    se: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What one level of promotion brings, kept up: sales per pharmacy and period over those without promotion.

    ``promotion`` units per pharmacy and period; ``marginal`` is what one more unit would add, ``seen`` whether
    pharmacies had such promotion (with carry-over). Response units.
    """

    promotion: float
    estimate: float
    lower: float | None
    upper: float | None
    marginal: float
    seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseShape:
    """How the response to one channel flattens: a curve that the markets of a run share, in this market's units.

    The effects of one unit (first period, in all, kept up) are those at ``usual``.
    """

    channel: str
    kind: CurveKind
    scale: float
    """c of the curve (``panel.curves``), promotion units per pharmacy and period."""
    usual: float
    """Mean promotion of the rows used, the level at which effects of one unit are given."""
    lowest: float
    highest: float
    """Least and most promotion seen, with carry-over, units per pharmacy and period."""
    reach: float
    """What usual promotion brings, over what it would if every unit brought as much as the next one: above one."""
    reach_lower: float
    reach_upper: float
    gain: float
    """2 (l_curve - l_line) by ML, summed over the markets."""
    markets: int
    """Markets the curve was found in."""
    points: tuple[CurvePoint, ...] = ()

    def at(self, times: float) -> int | None:
        """Place among the points of so many times usual promotion; none where no pharmacy had as much or as little."""
        wanted = times * self.usual
        places = (k for k, one in enumerate(self.points) if one.seen and isclose(one.promotion, wanted, rel_tol=1e-9))
        return next(places, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRun:
    """Long-run effect of one more promotion unit kept up for ever: beta / (1 - sum phi) with normalised weights."""

    estimate: float | None
    se: float | None
    lower: float | None
    upper: float | None
    stationary: bool
    method: Literal["delta", "fieller", "none"]
    multiplier: float | None
    """Long run over immediate effect, 1 / (1 - sum phi)."""
    half_life: float | None
    """Periods until half of the total effect of one pulse has happened."""
    total_pulse: float | None
    """Total effect of one unit given once: the same number as ``estimate``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSize:
    """One effect of one more promotion unit, sales units; ``withheld`` names the check that took it."""

    estimate: float | None
    lower: float | None
    upper: float | None
    withheld: str | None = None

    def relative(self, mean_sales: float | None) -> tuple[float, float, float] | None:
        """Estimate and limits as shares of mean sales (``1.0`` where the effect is one); ``None`` where unknown."""
        if self.estimate is None or self.lower is None or self.upper is None or not mean_sales:
            return None
        return self.estimate / mean_sales, self.lower / mean_sales, self.upper / mean_sales


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionEffects:
    """What one more unit of one channel brings, under the only three names there are.

    ``first_period``: in the period in which it is given. ``in_all``: given once, summed over all periods.
    ``kept_up``: one unit more in every period, a period, once sales have settled.
    """

    channel: str
    term: str
    first_period: EffectSize
    in_all: EffectSize
    kept_up: EffectSize


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEffect:
    """What one more unit of one channel brings in the pharmacies of one class."""

    name: str
    """"" for the classes of fewer than three pharmacies together."""
    pharmacies: int
    channel: str
    first_period: EffectSize
    kept_up: EffectSize


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorEffects:
    """Effects by the classes of one column (``model.moderators``), from a model with a promotion effect for each."""

    column: str
    reason: Literal["", "one-class", "many-classes", "not-told-apart", "not-certified", "pooled"] = ""
    """Why there are no numbers; "" where there are."""
    classes: tuple[ClassEffect, ...] = ()
    """By channel and class; classes of fewer than three pharmacies are told together, or not at all."""
    statistic: float | None = None
    df: tuple[float, float | None] | None = None
    p: float | None = None
    """Wald F test that classes do not differ (first channel), and its degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpulsePoint:
    """Effect of one promotion unit given in period 0, ``horizon`` periods later."""

    horizon: int
    effect: float
    lower: float | None
    upper: float | None
    cumulative: float
    cumulative_lower: float | None
    cumulative_upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEffect:
    """What one of several promotion channels does; ``term`` is its row among the fixed effects."""

    channel: str
    term: str
    long_run: LongRun
    impulse: tuple[ImpulsePoint, ...]
    incremental: float | None
    """Money over the used rows that would be missing without this channel alone, through the recursion."""
    lower: float | None
    upper: float | None
    share: float | None
    """Of total sales."""
    verdict: Verdict | None = None
    """Of this channel alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyRow:
    """One pharmacy: conditional modes, their conditional SE, and what follows from them."""

    pharmacy: str
    rows: int
    sales_mean: float | None
    promotion_mean: float | None
    intercept: float | None
    """Conditional mode of the random intercept, deviation from the market, sales units."""
    intercept_se: float | None
    slope: float | None
    """Conditional mode of the promotion slope, deviation from the market effect."""
    slope_se: float | None
    total_slope: float | None
    """Market effect plus deviation: sales units per promotion unit."""
    lower: float | None
    upper: float | None
    """Interval of ``total_slope``."""
    reliability: float | None
    expected_rank: float | None
    """Of the slope, in percent (0 lowest, 100 highest)."""
    long_run: float | None
    own_intercept: float | None
    own_slope: float | None
    """The pharmacy's own regression on promotion, other coefficients held at the market's."""
    incremental: float | None
    incremental_share: float | None
    cooks_d: float | None
    effect_without: float | None
    """Market promotion effect when this pharmacy is left out (exact refit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """Correlation of a period's promotion with its unforeseeable sales that would explain the whole effect.

    Signed like the effect; above 1 (below -1) no foresight could.
    """

    correlation: float
    """At which nothing is left of the effect."""
    correlation_at_limit: float
    """At which its interval reaches zero."""
    observed: float | None = None
    """What the record shows of this kind: of unexplained sales with the promotion of the next period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSize:
    """Mean elasticity of a published collection of studies; ``source`` is its code."""

    source: str
    value: float


PUBLISHED = (
    PublishedSize(source="albers-2010", value=0.245),
    PublishedSize(source="kremer-2008", value=0.326),
)
"""Of visits to physicians: Albers, Mantrala and Sridhar, J. Marketing Research 47(5), their studies of medicines;
Kremer, Bijmolt, Leeflang and Wieringa, Int. J. Research in Marketing 25(4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticity:
    """Percent of sales per percent of promotion of all channels, kept up, at the averages of the used rows."""

    estimate: float
    lower: float | None
    upper: float | None
    """Interval; ``None`` with several channels."""
    published: tuple[PublishedSize, ...] = PUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeWithError:
    """A size with its standard error and interval, in the unit of what is measured."""

    estimate: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An experiment beside this market's estimate of the same quantity, and both combined by precision.

    ``measures``: ``kept-up`` and ``first-month`` as in ``PromotionEffects``, ``incremental`` money of the market over
    ``period``.
    """

    measures: Literal["kept-up", "first-month", "incremental"]
    channel: str | None
    """Where there are several."""
    period: tuple[str, str]
    experiment: SizeWithError
    market: SizeWithError | None
    """``None`` where it is withheld or, for incremental sales, the record does not hold the period."""
    combined: SizeWithError | None
    weight: float | None
    """Of the experiment in ``combined``."""
    gap: float | None
    """Experiment less market over the standard error of the difference."""


BalanceName = Literal["sales", "growth", "promotion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One thing known of the pharmacies before an experiment: means of those that got more and of the others."""

    name: BalanceName
    more: float
    others: float
    difference: float
    """In standard deviations of all."""
    t: float | None
    """Of getting more on it, the others taken out; ``None`` for promotion itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What promotion that was assigned at random brought while it was: pharmacies against each other.

    ``effect``: money a pharmacy and period for one more unit in every period; ``brought``: money of all units beyond
    the usual ones.
    """

    channel: str
    period: tuple[str, str]
    periods: int
    before: int
    """Periods before, from which sales and growth are known."""
    since: int
    """Periods from its first one to the end of the record."""
    pharmacies: int
    more: int
    effect: SizeWithError
    brought: SizeWithError
    carry_over: bool
    """Whether the record is long enough since then to say what remains of an effect."""
    balance: tuple[Balance, ...]
