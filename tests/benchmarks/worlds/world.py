"""What a simulated world is, and the list of worlds the benchmark tries.

A world is the plain one with one thing changed: what real markets do, and the model may not know. Nothing is
shared with ``reportgen.panel.simulate``: a mistake there must not be able to hide here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class World:
    """A market to draw. Sales in money, promotion in visits; shares are of ``baseline``.

    Attributes
    ----------
    group
        What is asked of the report: to be right and to say so (plain), to be right, or to say what is wrong (other).
    size_sd
        SD of the logarithm of a pharmacy's own baseline.
    beta, sd_slope
        Mean and SD over pharmacies of the effect of one unit of adstock before persistence.
    phi
        Pairs of lag and coefficient.
    decay, peak
        Carry-over: geometric, or with its peak ``peak`` periods after the visit, weights decay^((k - peak)^2).
    in_proportion
        Levels, what happens to all, errors and effects are in proportion to a pharmacy's size.
    growth, growth_own, growth_sd
        Growth a year: of the market in money, of each pharmacy's own baseline, and its SD over pharmacies.
    promotion_growth, promotion_season, campaign
        Growth of promotion a year, amplitude of its yearly wave, SD of its common movements (logarithms).
    season, shock
        Amplitude of the yearly wave of sales, SD of what happens to all pharmacies in a period.
    ar
        Correlation of a pharmacy's errors from one period to the next.
    curve
        Response to adstock A: linear, or concave with the same total at usual promotion.
    log
        The recursion runs in logarithms of sales; beta is then a share of sales.
    sales_slips, promotion_slips
        Share of recorded values written ten times too large.
    shift_share, shift, shift_visits
        Share of pharmacies whose level moves up for good within the record, by how much, and their extra visits.
    drift
        Factor of the effect at the start and at the end of the record.
    gap_share, late_share, zeros
        Share of months missing, of pharmacies that start late; whether both are written as zeros.
    foresight, rescue, rescue_last
        How visits follow this period's own error: up where it is good, up where it is bad; or last period's bad one.
    booked_late, unrecorded
        Share of visits recorded one period late, or never.
    response
        ``model.response`` as the user sets it.
    set_aside
        Whether the user sets slips and zero months aside (``panel.outliers = "set-aside"``).
    territories, territory_shock, territory_campaign
        Number of territories; SD of what happens to a territory's sales, and of its promotion (logarithms).
    territory_decides, territory_memory
        Share of visits that are the same for all pharmacies of a territory; correlation of what happens to a
        territory from one period to the next.
    named, column
        Whether the user names the column of the territory (``panel.territory``); whether the table has one at all
        where nobody names it.
    """

    name: str
    group: Literal["plain", "right", "other"] = "right"
    pharmacies: int = 60
    periods: int = 36
    weekly: bool = False
    baseline: float = 40_000.0
    size_sd: float = 0.2
    beta: float = 900.0
    sd_slope: float = 300.0
    phi: tuple[tuple[int, float], ...] = ((1, 0.35), (2, 0.15))
    decay: float = 0.5
    peak: int = 0
    sigma: float = 2_500.0
    in_proportion: bool = False
    promotion_mean: float = 6.0
    promotion_spread: float = 1.5
    targeting: float = 0.5
    growth: float = 0.0
    growth_own: float = 0.0
    growth_sd: float = 0.0
    promotion_growth: float = 0.0
    promotion_season: float = 0.0
    campaign: float = 0.0
    season: float = 0.0
    shock: float = 0.0
    ar: float = 0.0
    curve: Literal["linear", "hill", "log", "exponential"] = "linear"
    log: bool = False
    sales_slips: float = 0.0
    promotion_slips: float = 0.0
    shift_share: float = 0.0
    shift: float = 0.0
    shift_visits: float = 0.0
    drift: tuple[float, float] = (1.0, 1.0)
    gap_share: float = 0.0
    late_share: float = 0.0
    zeros: bool = False
    foresight: float = 0.0
    rescue: float = 0.0
    rescue_last: float = 0.0
    booked_late: float = 0.0
    unrecorded: float = 0.0
    response: Literal["level", "relative", "log", "auto"] = "level"
    set_aside: bool = False
    territories: int = 0
    territory_shock: float = 0.0
    territory_campaign: float = 0.0
    territory_decides: float = 0.0
    territory_memory: float = 0.0
    named: bool = False
    column: bool = False

    @property
    def has_effect(self) -> bool:
        """Whether promotion does anything."""
        return self.beta != 0.0

    def without_effect(self) -> World:
        """The same world where promotion does nothing, for any pharmacy."""
        return replace(self, name=f"no effect: {self.name}", beta=0.0, sd_slope=0.0)


def _plain() -> list[World]:
    months = [World(name=f"plain, {periods} months", group="plain", periods=periods) for periods in (12, 24, 36)]
    sizes = [
        World(name=f"plain, {pharmacies} pharmacies", group="plain", pharmacies=pharmacies)
        for pharmacies in (8, 12, 20, 40, 100)
    ]
    weeks = [
        World(name=f"plain, {periods} weeks", group="plain", periods=periods, weekly=True, pharmacies=40)
        for periods in (104, 156)
    ]
    singular = World(name="pharmacies do not differ in effect", group="plain", sd_slope=0.0)
    return [*months, *sizes, *weeks, singular]


def _time() -> list[World]:
    growth = [
        World(name=f"growth {rate:.0%} a year, promotion {word}", growth=rate, promotion_growth=follows)
        for rate in (0.05, 0.10, 0.20)
        for word, follows in (("follows", rate), ("flat", 0.0))
    ]
    own = [
        World(name="growth 10% a year of own sales", growth_own=0.10),
        World(name="growth differs, SD 10% a year", growth_sd=0.10),
        World(name="growth differs, SD 10% a year, 24 months", growth_sd=0.10, periods=24),
    ]
    follows = World(name="season 15%, promotion follows", season=0.15, promotion_season=0.4)
    season = [replace(follows, name=f"{follows.name}, {periods} months", periods=periods) for periods in (12, 24, 36)]
    shocks = [
        World(name=f"common shocks {size:.0%}, campaigns common", shock=size, campaign=0.4) for size in (0.03, 0.08)
    ]
    weeks = replace(follows, name=f"{follows.name}, 104 weeks", periods=104, weekly=True, pharmacies=40)
    return [*growth, *own, *season, *shocks, weeks]


def _records() -> list[World]:
    slips = [
        World(name="0.3% of sales ten times too large", sales_slips=0.003),
        World(name="0.5% of promotion ten times too large", promotion_slips=0.005),
        World(name="missing months written as zeros", gap_share=0.04, late_share=0.2, zeros=True),
    ]
    cured = [replace(world, name=f"{world.name}, set aside", set_aside=True) for world in slips]
    return [
        *slips,
        *cured,
        World(name="a fifth of pharmacies shift up", shift_share=0.2, shift=0.25),
        World(name="a fifth shift up and get more visits", shift_share=0.2, shift=0.25, shift_visits=0.5),
        World(name="effect grows", drift=(0.4, 1.6)),
        World(name="effect fades", drift=(1.6, 0.4)),
        World(name="months missing", gap_share=0.04, late_share=0.2),
    ]


def _others() -> list[World]:
    errors = [World(name=f"errors with memory {ar:g}", group="other", ar=ar) for ar in (0.4, 0.15, -0.3)]
    return [
        *errors,
        World(name="saturating response, A/(A+c)", group="other", curve="hill"),
        World(name="saturating response, log", group="other", curve="log"),
        World(name="saturating response, 1-exp(-A/c)", group="other", curve="exponential"),
        World(name="effect in proportion to sales", group="other", log=True, beta=0.0225, sd_slope=0.0075, sigma=0.05),
        World(name="persistence at lags 3 and 6", group="other", phi=((1, 0.3), (3, 0.2), (6, 0.15))),
        World(name="persistence at lag 12", group="other", phi=((1, 0.25), (2, 0.1), (12, 0.3))),
        World(name="effect peaks a month after the visit", group="other", peak=1),
        World(name="effect peaks two months after the visit", group="other", peak=2),
        World(name="visits in months foreseen to be good", group="other", foresight=0.25),
        World(name="visits to rescue bad months", group="other", rescue=0.25),
        World(name="visits after bad months", group="other", rescue_last=0.25),
        World(name="visits booked a month late (30%)", group="other", booked_late=0.3),
        World(name="a fifth of visits unrecorded", group="other", unrecorded=0.2),
        World(
            name="territories with their own shocks and campaigns", group="other",
            territories=6, territory_shock=0.05, territory_campaign=0.4,
        ),
        *_unequal(),
        *_territories(),
    ]  # fmt: skip


def _unequal() -> list[World]:
    """Pharmacies of very different size that scatter, grow and respond in proportion to it."""
    unequal = World(name="pharmacies in proportion to their size", group="other", size_sd=0.8, in_proportion=True)
    seasons = World(
        name="the same with growth 8% a year and season 15%", size_sd=0.8, in_proportion=True,
        growth=0.08, season=0.15, promotion_season=0.2,
    )  # fmt: skip
    return [
        unequal,
        replace(unequal, name=f"{unequal.name}, response relative", group="right", response="relative"),
        replace(seasons, name=f"{seasons.name}, response relative", response="relative"),
    ]


def _territories() -> list[World]:
    """Markets whose user names the territories: effects of their periods, and clusters where these cannot be had."""
    own = World(name="", territories=8, territory_shock=0.05, territory_campaign=0.4, named=True)
    decided = replace(own, territory_decides=0.9)
    return [
        *(
            replace(own, name=f"{count} territories with their own shocks and campaigns, named", territories=count)
            for count in (6, 8, 20)
        ),
        replace(own, name="8 territories, shocks with memory 0.9, named", territory_shock=0.03, territory_memory=0.9),
        *(
            replace(decided, name=f"visits decided for {count} territories, named", territories=count)
            for count in (8, 20)
        ),
        replace(decided, name="visits decided for 8 territories, not named", named=False),
        replace(own, name="8 territories with their own shocks, in a column nobody names", named=False, column=True),
    ]


EFFECTS: tuple[World, ...] = (*_plain(), *_time(), *_records(), *_others())
"""Worlds in which promotion works."""
SMALL_PLAIN = ("plain, 8 pharmacies", "plain, 12 pharmacies", "plain, 20 pharmacies", "plain, 40 pharmacies")
NOTHING: tuple[World, ...] = tuple(
    world.without_effect()
    for world in EFFECTS
    if world.curve == "linear" and world.drift == (1.0, 1.0) and world.name not in (*SMALL_PLAIN, "plain, 156 weeks")
)
"""The same where it does nothing at all (curves, drift and differences of nothing are nothing)."""
WORLDS: tuple[World, ...] = (*EFFECTS, *NOTHING)
