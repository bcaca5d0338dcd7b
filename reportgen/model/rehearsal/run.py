"""One market's rehearsal: panels of every world drawn, estimated again, judged by what was true in them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from reportgen.model.deciding import TABLE
from reportgen.model.effects.impact import Impact, market_generator
from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.prospects import UNFITTABLE
from reportgen.model.rehearsal.notice import CHECKS, Notice
from reportgen.model.rehearsal.quick import Quick
from reportgen.model.rehearsal.worlds import Mask, draw_panels, possible
from reportgen.panel.features import build_frame
from reportgen.results import Rehearsal, RehearsalKind, RehearsalRow
from reportgen.settings.sections import Settings

LOG = logging.getLogger(__name__)
OWN_SHARE = 0.4
"""Share of the panels that are as the model has it."""
LEAST_T, DECAY_SE = 4.0, 0.12
"""T of the effect, at least, and SE of its carry-over, at most, from which a market is rehearsed."""
WIDEST = 3.0
"""How far the printed interval may be from the quick one, as a factor, for panels to be judged by the latter."""
_WITHHOLDS = {row.check: row.withholds for row in TABLE}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stage:
    """What all panels of a market are estimated and judged with.

    ``kept``, ``total``: half widths of intervals in quick SE, as the printed ones are of the market's own; ``totals``:
    whether these are rehearsed.
    """

    market: MarketFit
    settings: Settings
    tools: tuple[Quick, Notice]
    kept: float
    total: float
    totals: bool


def rehearse(market: MarketFit, impact: Impact, settings: Settings) -> Rehearsal | None:
    """Counts over ``model.rehearsal`` panels, drawn by the run's seed and the market's code alone; None if it is 0."""
    panels = settings.model.rehearsal
    if not panels:
        return None
    if market.rung == "pooled" or impact.long_run.lower is None:
        return Rehearsal(panels=0, checks=CHECKS, rows=(), reason="no-draws")
    if not _clear(market):
        return Rehearsal(panels=0, checks=CHECKS, rows=(), reason="unclear-effect")
    rng = market_generator(settings, market.frame.panel.market, "rehearsal")
    kinds = possible(market)
    counts = _shares(panels, len(kinds))
    seeds = rng.integers(2**63, size=len(kinds)).tolist()
    try:
        stage = _stage(market, impact, settings)
        rows = [
            _row(stage, kind, count, np.random.default_rng(seed))
            for kind, count, seed in zip(kinds, counts, seeds, strict=True)
            if count
        ]
    except (np.linalg.LinAlgError, *UNFITTABLE):
        LOG.info("%s: no rehearsal", market.frame.panel.market, exc_info=True)
        return Rehearsal(panels=0, checks=CHECKS, rows=(), reason="no-draws")
    return Rehearsal(panels=panels, checks=CHECKS, rows=tuple(rows))


def _clear(market: MarketFit) -> bool:
    """Whether effect and carry-over are known well enough: else intervals by slopes at the estimate are too short.

    In simulated markets they held 75 to 99 % where one of the limits was passed, 92 to 100 % where neither was.
    """
    k = market.index(market.terms.promotion[0])
    se = None if market.decay_source != "estimated" or market.decay_fit is None else market.decay_fit.se[0]
    known = market.decay_source != "estimated" or (se is not None and se <= DECAY_SE)
    return bool(known and abs(market.fit.beta[k]) >= LEAST_T * np.sqrt(market.covariance.values[k, k]))


def _shares(panels: int, kinds: int) -> list[int]:
    """Panels of each world: two in five as the model has it, the rest evenly."""
    own = panels - (kinds - 1) * int((1.0 - OWN_SHARE) * panels / max(kinds - 1, 1))
    return [own, *[(panels - own) // max(kinds - 1, 1)] * (kinds - 1)]


def _stage(market: MarketFit, impact: Impact, settings: Settings) -> _Stage:
    """Quick intervals are made as wide as the printed ones are, by what both are on the market's own sales."""
    quick = Quick(market)
    grid = market.frame.response_grid()
    known = np.isfinite(grid)
    mean = np.where(known, grid, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    found = quick.estimate(np.where(known, grid, mean[:, None])[None])
    z, whole = critical_value(settings.report.confidence), impact.incremental
    kept = _half(impact.long_run.lower, impact.long_run.upper) / (z * float(found.kept_se[0]))
    total = kept if whole is None else _half(whole.lower, whole.upper) / (z * float(found.total_se[0]))
    return _Stage(
        market=market,
        settings=settings,
        tools=(quick, Notice(market)),
        kept=z * _bounded(kept),
        total=z * _bounded(total),
        totals=market.frame.scale == "level" and len(market.terms.promotion) == 1 and whole is not None,
    )


def _half(lower: float | None, upper: float | None) -> float:
    return np.nan if lower is None or upper is None else 0.5 * (upper - lower)


def _bounded(factor: float) -> float:
    return float(np.clip(factor, 1.0 / WIDEST, WIDEST)) if np.isfinite(factor) else 1.0


def _row(stage: _Stage, kind: RehearsalKind, count: int, rng: np.random.Generator) -> RehearsalRow:
    panels = draw_panels(stage.market, kind, count, rng)
    tools = (_chosen_anew(stage, panels.responses[0]) if kind == "drift" else None) or stage.tools
    found = tools[0].estimate(panels.responses)
    fired = tools[1](panels.responses, found.effect)
    kept = np.abs(found.kept - panels.kept) <= stage.kept * found.kept_se
    total = np.abs(found.total - panels.total) <= stage.total * found.total_se
    gone_kept, gone_total = (_withheld(fired, quantity) for quantity in ("kept-up", "totals"))
    return RehearsalRow(
        kind=kind,
        panels=count,
        kept_held=int(np.sum(kept)),
        kept_noticed=int(np.sum(~kept & gone_kept)),
        kept_withheld=int(np.sum(gone_kept)),
        total_panels=count if stage.totals else 0,
        total_held=int(np.sum(total & stage.totals)),
        total_noticed=int(np.sum(~total & gone_total & stage.totals)),
        total_withheld=int(np.sum(gone_total & stage.totals)),
        fired=tuple(int(n) for n in fired.sum(axis=0)),
    )


def _chosen_anew(stage: _Stage, responses: Array) -> tuple[Quick, Notice] | None:
    """Tools of the model that one panel asks for where that has trends of the pharmacies' own; None: the market's do.

    An effect that drifts looks like growth that differs, where promotion does; a report would take it for that.
    """
    market, settings = stage.market, stage.settings
    if market.trend.reason != "likelihood-does-not-ask":
        return None
    frame = market.frame
    sales = frame.panel.sales.copy()
    sales[frame.grid_rows] = np.where(
        np.isfinite(sales[frame.grid_rows]), frame.money(responses, np.arange(len(frame.pharmacies))[:, None]), np.nan
    )
    again = build_frame(replace(frame.panel, sales=sales), settings.model, settings.adstock)
    if not np.array_equal(again.used, frame.used):
        return None
    other = fit_market(replace(again, curves=frame.curves), settings, decays=market.decays)
    return (Quick(other, like=market), Notice(other)) if other.trend.taken and other.rung != "pooled" else None


def _withheld(fired: Mask, quantity: str) -> Mask:
    """Panels in which a check that takes this quantity fired, (B,)."""
    taking = [k for k, check in enumerate(CHECKS) if quantity in _WITHHOLDS[check]]
    return np.asarray(fired[:, taking].any(axis=1), dtype=np.bool_)
