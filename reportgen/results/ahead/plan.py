"""Where the next promotion should go: a market's plan, pharmacy by pharmacy, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.effects import EffectSize

PlanOutcome = Literal["recommended", "keep", "find-out"]
"""``keep``: moving promotion does not clearly gain. ``find-out``: too little is known to say, an experiment would."""
PlanAction = Literal["give", "take", "keep"]
PlanReason = Literal[
    "", "no-estimate", "not-stationary", "withheld", "effect-negative", "effect-unknown", "no-effect",
    "nothing-to-move", "effects-hardly-differ", "gain-not-clear",
]  # fmt: skip
"""Why nothing is recommended, "" where something is; ``Plan.check`` names the check behind ``withheld``."""
MarketsPlanReason = Literal[
    "", "few-markets", "several-currencies", "effects-hardly-differ", "gain-not-clear", "nothing-to-move"
]
PlanRowReason = Literal["", "not-recommended", "fixed", "no-recent-record", "too-little-to-move", "as-good-as-others"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One pharmacy: promotion units a period now and by the plan, and money a period once sales have settled."""

    pharmacy: str
    now: float | None
    """Mean of the recent periods; ``None`` without promotion in them."""
    next: float | None
    action: PlanAction
    reason: PlanRowReason
    """Why its promotion stays as it is."""
    effect: EffectSize | None
    """What one more unit, kept up, brings a period from today's promotion on, response units."""
    gain: EffectSize | None
    """What its own change brings; below zero where promotion is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProfit:
    """Profit of a plan, money a period: margin times the change of sales less the change of what promotion costs."""

    cost: float
    """Per promotion unit, mean over the pharmacies of the plan by their promotion now."""
    margin: float
    break_even: float
    """Sales that one more unit, kept up, must bring a period to pay for itself."""
    profit: EffectSize | None
    """Of the plan against doing nothing."""
    best_total: float | None
    """Promotion a period at which expected profit is greatest, each pharmacy within its bound."""
    best_change: float | None
    """The same as a share of today's promotion (``0.1``: a tenth more)."""
    best_profit: EffectSize | None
    """Of that against doing nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExperiment:
    """What would tell where nothing is known: some pharmacies, by lot, get ``dose`` units more for ``periods``."""

    periods: int
    dose: float


PlanGroupName = Literal["give", "keep", "take", "strong", "middle", "weak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGroup:
    """Pharmacies that a page lets its reader give more or less: by the plan's action, or thirds by their effect."""

    name: PlanGroupName
    pharmacies: int
    now: float
    """Promotion units a period, of all of them."""
    less: tuple[float, ...]
    more: tuple[float, ...]
    """Change of their sales a period where each changes by the bound downwards and upwards, draw by draw; four digits.

    The draws are the same in every group, so that groups add up draw by draw.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Promotion of one channel re-allocated over a market's pharmacies (``[plan]`` of the settings).

    Sums of money are a period, once sales have settled. Intervals are joint: of the same plan under every draw.
    Where nothing is recommended ``gain`` and what follows from it are of the plan that was tried, and every row keeps
    its promotion.
    """

    outcome: PlanOutcome
    reason: PlanReason
    check: str | None = None
    channel: str
    recent: tuple[str, str] | None = None
    """First and last period that ``now`` is the mean of."""
    periods: int = 0
    """Periods ahead; over them a pharmacy's promotion changes by whole steps."""
    bound: float = 0.0
    step: float = 0.0
    """Units over the periods ahead by which promotion changes."""
    budget: float = 0.0
    """Change of all promotion that was asked for, as a share."""
    total_now: float | None = None
    total_next: float | None = None
    """Promotion of all pharmacies with a recent record, units a period."""
    given: float | None = None
    taken: float | None = None
    """Units a period that pharmacies get more or less of."""
    gives: int = 0
    takes: int = 0
    """Pharmacies that get more or less."""
    gain: EffectSize | None = None
    """Change of sales against doing nothing."""
    gain_year: float | None = None
    """The same over a year of such periods."""
    against_even: EffectSize | None = None
    """The same against as much more or less everywhere; only where the budget changes."""
    share: float | None = None
    """``gain`` as a share of recent sales."""
    loss: float | None = None
    """Chance that the plan loses, against doing nothing (where the budget changes: against an even change)."""
    regret: float | None = None
    """Money a period that the plan loses where it does, times that chance."""
    more: EffectSize | None = None
    less: EffectSize | None = None
    """Change of sales where all promotion changes evenly by the bound, up and down: what a plan over markets needs."""
    profit: PlanProfit | None = None
    experiment: PlanExperiment | None = None
    rows: tuple[PlanRow, ...] = ()
    sales: float | None = None
    """Recent sales of all pharmacies with a recent record, money a period."""
    groups: tuple[PlanGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMove:
    """One market in a plan over markets: promotion units and money a period."""

    market: str
    now: float
    next: float
    action: PlanAction
    effect: EffectSize
    """What one more unit, kept up, brings a period, spread as the market's promotion is: shrunk towards all markets."""
    gain: EffectSize | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketsPlan:
    """Promotion moved between markets, the total kept: each changes evenly, within the bound of its plan.

    As in :class:`Plan`; where nothing is recommended rows keep their promotion and there is no gain.
    """

    outcome: PlanOutcome
    reason: MarketsPlanReason
    total: float = 0.0
    step: float = 1.0
    """Units a period."""
    moved: float = 0.0
    gives: int = 0
    takes: int = 0
    gain: EffectSize | None = None
    gain_year: float | None = None
    loss: float | None = None
    regret: float | None = None
    rows: tuple[MarketMove, ...] = ()
