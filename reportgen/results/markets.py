"""The waist of a whole run: what the overview of all markets may print, and nothing else.

Same rules as ``market.py``: plain types that round-trip through JSON exactly, a missing number
is ``None``, verdicts and reasons are codes. ``model/across/markets.py`` fills these types from the
finished ``MarketResults`` of a run; the report side reads them without importing statistics.

The pooled numbers are about *one* estimand, declared before the run (``OverviewResults.estimand``):

============================  =====================================================================
``kept-up-percent``           one more promotion unit in every period, kept up, percent of mean sales
``first-period-percent``      one more promotion unit in its own period, percent of mean sales
``kept-up-elasticity``        percent of sales per percent of promotion, at the market's means, kept up
``first-period-elasticity``   the same in the period of the promotion
============================  =====================================================================

With a log response percents are log points times 100, and mean sales play no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.ahead.plan import MarketsPlan
from reportgen.results.checks import RehearsalRow
from reportgen.results.derived.intervals import which_side
from reportgen.results.verdict import Reason, VerdictCode

SCHEMA_VERSION = 2

Estimand = Literal["kept-up-percent", "first-period-percent", "kept-up-elasticity", "first-period-elasticity"]
MarketStatus = Literal["ok", "singular", "not-estimated", "not-estimable", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTotals:
    """The line of totals above the overview. Counts are of markets; money is summed over markets."""

    markets: int
    estimated: int
    """Markets with status ``ok`` or ``singular``."""
    singular: int
    not_estimated: int
    not_estimable: int
    failed: int
    pharmacies: int
    rows_used: int
    verdicts: tuple[tuple[VerdictCode, int], ...]
    """Markets by verdict, every code once, in the order of ``VerdictCode``."""
    sales: float | None
    """Sales of the markets that have incremental sales, over the rows their models used."""
    incremental: float | None
    incremental_lower: float | None
    incremental_upper: float | None
    """Markets are taken as independent; half widths add in squares."""
    share: float | None
    incremental_markets: int
    promised: int = 0
    """Intervals of coming periods that earlier runs printed and later ones could score."""
    held: int = 0
    """Of these, how many held what came."""
    promised_expected: float = 0.0
    """How many should, at their level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEffect:
    """Random-effects mean of the estimand over ``k`` markets, and how much markets differ.

    ``lower``/``upper`` use the Hartung-Knapp SE and t with k - 1 df; the prediction interval (where the effect of a
    new, comparable market is expected) uses t with k - 2 df and does not exist below three markets. All in units of
    the estimand; ``tau2`` in its square, ``i2`` in percent.
    """

    k: int
    estimate: float
    se: float
    """Hartung-Knapp."""
    se_classical: float
    """1/sqrt(sum of weights), the SE that ignores that tau² was estimated."""
    df: int
    statistic: float | None
    """``None`` where all estimates are equal and the SE is 0."""
    p: float
    lower: float
    upper: float
    prediction_lower: float | None
    prediction_upper: float | None
    tau2: float
    """REML."""
    tau: float
    tau2_lower: float
    tau2_upper: float
    """Q-profile interval (Viechtbauer 2007)."""
    tau2_paule_mandel: float
    estimate_paule_mandel: float
    certified: bool
    """The REML optimum passed the search of the whole profile."""
    q: float
    q_df: int
    q_p: float
    i2: float
    h2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEstimate:
    """One estimated market: its estimand, its place among the others, and the columns of the overview table."""

    market: str
    status: MarketStatus
    verdict: VerdictCode
    estimate: float
    se: float
    lower: float
    upper: float
    """Interval of the market alone."""
    p: float | None
    """Of the market's promotion effect."""
    p_adjusted: float | None
    """Benjamini-Hochberg over the markets of this run."""
    discovery: bool
    """``p_adjusted`` is at or below ``OverviewResults.false_discovery_rate``."""
    weight: float | None
    """Percent of the pooled mean; ``None`` where nothing is pooled."""
    shrunken: float | None
    shrunken_se: float | None
    shrunken_lower: float | None
    shrunken_upper: float | None
    """Best estimate of this market's effect given all markets."""
    expected_rank: float | None
    """Percent: 0 lowest, 100 highest effect."""
    pharmacies: int
    rows_used: int
    sales_mean: float | None
    channel: str
    """Promotion channel of the estimand and of the effects below."""
    first_period: float | None
    """Sales units per promotion unit, as in the market's own report."""
    in_all: float | None
    kept_up: float | None
    kept_up_lower: float | None
    kept_up_upper: float | None
    incremental: float | None
    incremental_share: float | None
    roi: float | None
    checks_passed: int
    checks_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedMarket:
    """A market that is not in the pooled effect, and why (at least one reason)."""

    market: str
    status: MarketStatus
    verdict: VerdictCode
    reasons: tuple[Reason, ...]
    pharmacies: int
    rows_used: int
    sales_mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewResults:
    """All markets of one run. ``markets`` and ``excluded`` are sorted by market code and together hold every market."""

    schema_version: int = SCHEMA_VERSION
    estimand: Estimand
    confidence: float
    false_discovery_rate: float
    totals: RunTotals
    pooled: PooledEffect | None
    """``None`` below two markets: there is nothing to pool."""
    markets: tuple[MarketEstimate, ...]
    excluded: tuple[ExcludedMarket, ...]
    plan: MarketsPlan | None = None
    """Promotion moved between markets."""
    rehearsal: tuple[RehearsalRow, ...] = ()
    """Rehearsals of all markets together, a row a kind of panel."""
    rehearsed: int = 0
    """Markets among them."""

    @property
    def above_zero(self) -> int:
        """Markets whose interval lies above zero."""
        return sum(which_side(market.lower, market.upper) > 0 for market in self.markets)

    @property
    def clear_of_zero(self) -> int:
        """Markets whose interval does not hold zero."""
        return sum(which_side(market.lower, market.upper) != 0 for market in self.markets)
