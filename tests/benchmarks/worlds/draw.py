"""Draws of a world and their truth by counterfactual: the same shocks, with and without promotion.

    y_it = drive_it + (beta + b_i) m_t f(A_it) + sum_k phi_k y_i,t-k,    A_it = (1 - d) (x_it + d x_i,t-1 + ...)

(in logarithms of sales where the world is one of proportions). The recursion starts ``BURN_IN`` periods before the
record, whose promotion carries over into it. Loops run over periods only.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.grid import MarketPanel, make_panel
from worlds.world import World

Floats = NDArray[np.float64]
BURN_IN = 120
CONSTANTS = {"linear": 1.0, "hill": 2.0, "log": 6.0 / np.log(4.0), "exponential": 1.0 / (1.0 - np.exp(-1.0))}
"""Factor that gives each curve the total of the line at six visits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """One market. ``drive``, ``stock``, ``slope`` are (G, BURN_IN + T) where they move in time; the rest is (G, T).

    ``size`` (G,) is what all is in proportion to, ones where nothing is.
    """

    world: World
    territory: NDArray[np.intp]
    drive: Floats
    stock: Floats
    leftover: Floats
    slope: Floats
    size: Floats
    sales: Floats
    recorded_sales: Floats
    recorded_promotion: Floats
    recorded: NDArray[np.bool_]

    def to_panel(self, market: str) -> MarketPanel:
        """What the analysis sees."""
        names = tuple(f"T{k:02d}" for k in self.territory)
        return make_panel(
            market,
            np.where(self.recorded, self.recorded_sales, np.nan),
            np.where(self.recorded, self.recorded_promotion, np.nan),
            recorded=self.recorded,
            period_type="week" if self.world.weekly else "month",
            first_period=2_660 if self.world.weekly else 2021 * 12,
            territories=names if self.world.named else (),
            unnamed_territories=("territory", names) if self.world.column else ("", ()),
            source="simulation",
        )

    def truth(self, used: NDArray[np.bool_]) -> dict[str, float]:
        """True first month and kept up (per pharmacy and period) and incremental total over ``used`` cells (G, T).

        As in the report the sales before a pharmacy's first used cell are given, and promotion from before the
        record goes on carrying over in the market without promotion.
        """
        world = self.world
        start = np.where(used.any(axis=1), used.argmax(axis=1), used.shape[1]) + BURN_IN
        since = np.arange(self.drive.shape[1]) >= start[:, None]
        base = self._path(self.stock)
        more = self._path(self.stock + 1.0) - base
        off = self._path(np.where(since, self.leftover, self.stock))
        dose = float(weights(world)[0]) if world.peak else 1.0 - world.decay
        step = self.slope * (respond(world, self.stock + dose) - respond(world, self.stock))
        now = base * np.expm1(step) if world.log else step
        record = slice(BURN_IN, None)
        first, kept = float(now[:, record].mean()), float(more[:, record].mean())
        if world.curve != "linear":
            # What one more unit brings depends on where: the report gives it at the mean of recorded promotion.
            unit = float(self.slope.mean()) * self._steepness(float(self.recorded_promotion[used].mean()))
            first, kept = unit * (1.0 - world.decay), unit / (1.0 - sum(weight for _, weight in world.phi))
        if world.in_proportion:
            # What the report tells is of a pharmacy of average size.
            kept = float((self.slope[:, -1] / self.size).mean() * self.size.mean())
            kept /= 1.0 - sum(weight for _, weight in world.phi)
            first = kept * (1.0 - world.decay) * (1.0 - sum(weight for _, weight in world.phi))
        return {
            "first": first,
            "kept": kept,
            "incremental": float((base - off)[:, record][used].sum()),
        }

    def _steepness(self, usual: float) -> float:
        """Slope of the response at a level of promotion."""
        ends = respond(self.world, np.array([usual - 1e-4, usual + 1e-4]))
        return float((ends[1] - ends[0]) / 2e-4)

    def _path(self, stock: Floats) -> Floats:
        """Sales in money at another adstock."""
        return solve(self.world, self.drive + self.slope * respond(self.world, stock))


def respond(world: World, stock: Floats) -> Floats:
    """Response to adstock, in units of a line's."""
    scale = CONSTANTS[world.curve]
    held = np.maximum(stock, 0.0)
    if world.curve == "hill":
        return scale * 6.0 * held / (6.0 + held)
    if world.curve == "log":
        return scale * np.log1p(held / 2.0)
    if world.curve == "exponential":
        return scale * 6.0 * -np.expm1(-held / 6.0)
    return stock


def solve(world: World, drive: Floats) -> Floats:
    """Sales in money from what drives them, (G, S)."""
    most = max(lag for lag, _ in world.phi)
    start = drive[:, 0] / (1.0 - sum(weight for _, weight in world.phi))
    out = np.empty((drive.shape[1] + most, len(drive)))
    out[:most] = start
    for t, step in enumerate(drive.T, start=most):
        out[t] = step
        for lag, weight in world.phi:
            out[t] += weight * out[t - lag]
    path = np.ascontiguousarray(out[most:].T)
    return np.exp(path) if world.log else path


def draw(world: World, seed: int) -> Draw:
    """Market number ``seed`` of a world: the same whatever else is drawn."""
    rng = np.random.default_rng([13, crc32(world.name.encode()), seed])
    size, steps = world.pharmacies, BURN_IN + world.periods
    score = rng.standard_normal((3, size))
    errors = _errors(world, rng, (size, steps))
    territory = np.arange(size) % max(world.territories, 1)
    shifted = (np.arange(steps) >= BURN_IN + rng.integers(6, max(world.periods - 6, 7), size)[:, None]) & (
        rng.random(size) < world.shift_share
    )[:, None]
    promotion = _promotion(world, rng, score, errors, territory, shifted)
    stock = _adstock(world, promotion)
    record = promotion.copy()
    record[:, BURN_IN:] = 0.0
    size = np.exp(world.size_sd * score[0] - world.size_sd**2 / 2.0) if world.in_proportion else np.ones(len(score[0]))
    drive = _drive(world, rng, score[0], territory, shifted) + world.sigma * errors * size[:, None]
    factor = np.interp(np.arange(steps), [BURN_IN, steps - 1], world.drift)
    own = size * (world.beta + world.sd_slope * (0.2 * score[0] + 0.98 * score[2]))
    slope = own[:, None] * factor
    sales = solve(world, drive + slope * respond(world, stock))[:, BURN_IN:]
    seen_sales, seen_promotion, recorded = _recorded(world, rng, sales, promotion)
    return Draw(
        world=world,
        territory=territory,
        drive=drive,
        stock=stock,
        leftover=_adstock(world, record),
        slope=slope,
        size=size,
        sales=sales,
        recorded_sales=seen_sales,
        recorded_promotion=seen_promotion,
        recorded=recorded,
    )


def weights(world: World) -> Floats:
    """Carry-over of a visit by periods after it, summing to one, where it peaks later (Jin et al. 2017, equation 2)."""
    made = world.decay ** (np.arange(world.peak + 9) - world.peak) ** 2.0
    return np.asarray(made / made.sum())


def _adstock(world: World, promotion: Floats) -> Floats:
    decay = world.decay
    if world.peak:
        later = weights(world)
        padded = np.concatenate([np.repeat(promotion[:, :1], len(later) - 1, axis=1), promotion], axis=1)
        return np.stack([np.convolve(row, later, mode="valid") for row in padded])
    out = (1.0 - decay) * promotion
    out[:, 0] = promotion[:, 0]
    for t in range(1, out.shape[1]):
        out[:, t] += decay * out[:, t - 1]
    return out


def _errors(world: World, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Errors of unit variance with the world's memory."""
    out = rng.standard_normal(shape)
    fresh = np.sqrt(1.0 - world.ar**2)
    for t in range(1, shape[1]):
        out[:, t] = world.ar * out[:, t - 1] + fresh * out[:, t]
    return out


def _wave(world: World, steps: int) -> Floats:
    per_year = 365.25 / 7.0 if world.weekly else 12.0
    return np.sin(2.0 * np.pi * (np.arange(steps) - BURN_IN) / per_year)


def _years(world: World, steps: int) -> Floats:
    """Years since the record began; growth before it is of no interest and would end at nothing, so it starts there."""
    per_year = 365.25 / 7.0 if world.weekly else 12.0
    return np.maximum(np.arange(steps) - BURN_IN + 12, 0) / per_year


def _promotion(
    world: World, rng: np.random.Generator, score: Floats, errors: Floats, territory: NDArray[np.intp],
    shifted: NDArray[np.bool_],
) -> Floats:  # fmt: skip
    """Visits made, (G, S): counts around a level that follows size, and whatever the world adds."""
    size, steps = errors.shape
    own = world.targeting * score[0] + np.sqrt(1.0 - world.targeting**2) * score[1]
    level = np.maximum(world.promotion_mean + world.promotion_spread * own, 0.5)[:, None]
    level = level * (1.0 + world.promotion_growth) ** _years(world, steps)
    level = level * (1.0 + world.promotion_season * _wave(world, steps))
    level = level * _unit_mean(world.campaign * rng.standard_normal(steps), world.campaign)
    local = world.territory_campaign * rng.standard_normal((max(world.territories, 1), steps))
    level = level * _unit_mean(local, world.territory_campaign)[territory]
    last = np.concatenate([np.zeros((size, 1)), errors[:, :-1]], axis=1)
    reaction = (world.foresight - world.rescue) * errors - world.rescue_last * last
    level = level * _unit_mean(reaction, world.foresight + world.rescue + world.rescue_last)
    level = level * (1.0 + world.shift_visits * shifted)
    if world.territory_decides:
        whole = world.promotion_mean * _unit_mean(local, world.territory_campaign)
        decided = rng.poisson(world.territory_decides * whole)[territory]
        return (decided + rng.poisson((1.0 - world.territory_decides) * level)).astype(np.float64)
    return rng.poisson(level).astype(np.float64)


def _unit_mean(logarithms: Floats, sd: float) -> Floats:
    return np.exp(logarithms - sd**2 / 2.0)


def _drive(
    world: World, rng: np.random.Generator, score: Floats, territory: NDArray[np.intp], shifted: NDArray[np.bool_]
) -> Floats:
    """What sales would be driven by without promotion and errors, (G, S)."""
    steps, rest = shifted.shape[1], 1.0 - sum(weight for _, weight in world.phi)
    size = np.exp(world.size_sd * score - world.size_sd**2 / 2.0)[:, None]
    years = _years(world, steps)
    own = np.maximum(1.0 + world.growth_own + world.growth_sd * rng.standard_normal(len(score)), 0.5)[:, None]
    market = (1.0 + world.growth) ** years - 1.0 + world.season * _wave(world, steps)
    level = size * own**years + market + world.shift * shifted
    if world.in_proportion:
        level = size * (own**years + market + world.shift * shifted)
    happened = world.shock * rng.standard_normal(steps)
    local = world.territory_shock * rng.standard_normal((max(world.territories, 1), steps))
    if world.territory_memory:
        fresh = np.sqrt(1.0 - world.territory_memory**2)
        for t in range(1, steps):
            local[:, t] = world.territory_memory * local[:, t - 1] + fresh * local[:, t]
    if world.log:
        return rest * np.log(world.baseline * level) + happened + local[territory]
    return world.baseline * (rest * level + (happened + local[territory]) * (size if world.in_proportion else 1.0))


def _recorded(
    world: World, rng: np.random.Generator, sales: Floats, promotion: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Sales, promotion (G, T) as written down, and which months are there at all."""
    moved = rng.binomial(promotion.astype(np.int64), world.booked_late).astype(np.float64)
    seen = promotion - moved
    seen[:, 1:] += moved[:, :-1]
    seen = seen[:, BURN_IN:] - rng.binomial(seen[:, BURN_IN:].astype(np.int64), world.unrecorded)
    seen = np.where(rng.random(seen.shape) < world.promotion_slips, 10.0 * seen, seen)
    written = np.where(rng.random(sales.shape) < world.sales_slips, 10.0 * sales, sales)
    recorded = rng.random(sales.shape) >= world.gap_share
    recorded[:, 0] = True
    late = rng.random(len(sales)) < world.late_share
    begin = rng.integers(1, max(world.periods // 2, 2), len(sales))
    recorded &= ~late[:, None] | (np.arange(world.periods) >= begin[:, None])
    if world.zeros:
        return np.where(recorded, written, 0.0), np.where(recorded, seen, 0.0), np.ones_like(recorded)
    return written, seen, recorded
