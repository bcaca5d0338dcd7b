"""Which checks would have noticed, panel by panel: the same statistics and limits as the checks of a report.

Four checks that decide and that these worlds are about: ``saturation`` and ``drift`` (one more column within
pharmacies, SE clustered), ``lead-placebo`` (promotion of the next period), ``entry-slips`` (values ten times a
pharmacy's level). Carry-over is the market's. The other checks of a report are not asked.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.model.checks.design import centre_within
from reportgen.model.checks.estimates import SMALL_LEAD
from reportgen.model.checks.response import ALPHA_CURVE, LARGE_DRIFT
from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import next_promotion
from reportgen.model.rehearsal.quick import Whitened, moving_columns
from reportgen.model.rehearsal.worlds import Mask
from reportgen.panel.slips import out_of_line

CHECKS = ("saturation", "drift", "lead-placebo", "entry-slips")
"""In the order of :func:`notice`'s columns."""


class Notice:
    """The checks of one market's panels; what does not differ between panels is made once."""

    def __init__(self, market: MarketFit) -> None:
        self.market, self.used = market, market.frame.used[market.frame.grid_rows]
        design, frame = market.design, market.frame
        stock = design.column(market.terms.promotion[0])
        held = np.maximum(stock, 0.0)
        middle, half = (frame.column.max() + frame.column.min()) / 2.0, max(float(np.ptp(frame.column)) / 2.0, 1.0)
        time = (frame.column - middle) / half
        curve = np.log1p(held / max(float(held.mean()), 1e-300))
        self.curve = self._within(curve, None)
        self.drift = self._within(centre_within(stock, design.group) * time, time)
        leads = next_promotion(frame)[:, 0]
        known = np.isfinite(leads)
        self.lead: Whitened | None = None
        if known.sum() >= 0.5 * len(leads):
            self.known = np.zeros_like(self.used)
            self.known[self.used] = known
            longer = replace(design, x=np.column_stack([design.x, np.nan_to_num(leads)]), names=(*design.names, "Lead"))
            # The lead stands where promotion does in the quick estimate: last, and with a coefficient of its own.
            ratio = market.fit.psi / market.fit.sigma2
            self.lead = Whitened(longer.rows(known), self.known, ratio, market.terms.lags, "Lead")

    def _within(self, column: Array, trend: Array | None) -> tuple[Array, Array]:
        """Basis of the given columns within pharmacies, (n, k), and what the column adds to them, (n,)."""
        design, terms = self.market.design, self.market.terms
        given = [k for k, name in enumerate(design.names) if name not in terms.lags]
        x = design.x[:, given] if trend is None else np.column_stack([design.x[:, given], trend])
        centred = centre_within(x, design.group)
        size = np.sqrt(np.sum(centred**2, axis=0))
        kept = size > 1e-9 * np.maximum(np.sqrt(np.sum(x**2, axis=0)), 1e-300)
        left, values, _ = np.linalg.svd(centred[:, kept] / size[kept], full_matrices=False)
        basis = left[:, values > 1e-8 * values[0]]
        own = centre_within(column, design.group)
        return basis, own - basis @ (basis.T @ own)

    def __call__(self, responses: Array, effect: Array) -> Mask:
        """Whether each check withholds something, (B, checks), of panels with estimated ``effect`` (B,)."""
        moving = moving_columns(responses, self.market.terms.lag_periods, self.used)
        rows = moving.transpose(2, 3, 0, 1)[self.used]
        found = np.zeros((len(responses), len(CHECKS)), dtype=bool)
        df = self.market.design.independent - 1.0
        tails = 1.0 if self.market.frame.curve(0) is not None else 2.0
        value, se = self._added(*self.curve, rows)
        t = value / se
        found[:, 0] = (np.abs(t) if tails == 1.0 else t) > critical_value(1.0 - tails * ALPHA_CURVE, df)
        value, se = self._added(*self.drift, rows)
        found[:, 1] = np.abs(value) > np.maximum(critical_value(0.999, df) * se, LARGE_DRIFT * np.abs(effect))
        if self.lead is not None:
            made = self.lead.regress(moving_columns(responses, self.market.terms.lag_periods, self.known))
            value, se = made.beta[:, 0], np.sqrt(made.covariance[:, 0, 0])
            found[:, 2] = np.abs(value) > np.maximum(critical_value(0.999, df) * se, SMALL_LEAD * np.abs(effect))
        if self.market.frame.scale == "level":
            found[:, 3] = [
                any(mask.any() for mask in out_of_line(np.where(self.used, one, np.nan))) for one in responses
            ]
        return found

    def _added(self, basis: Array, own: Array, rows: Array) -> tuple[Array, Array]:
        """Coefficient of one more column within pharmacies and its clustered SE, (B,) each; ``rows`` (n, B, L + 1)."""
        design = self.market.design
        batch, count = rows.shape[1:]
        flat = centre_within(rows.reshape(len(rows), -1), design.group)
        left = (flat - basis @ (basis.T @ flat)).reshape(len(rows), batch, count)
        x = np.concatenate([np.broadcast_to(own[:, None, None], (len(rows), batch, 1)), left[:, :, :-1]], axis=2)
        bread = np.linalg.inv(np.einsum("nbi,nbj->bij", x, x, optimize=True))
        beta = np.einsum("bij,nbj,nb->bi", bread, x, left[:, :, -1], optimize=True)
        residual = left[:, :, -1] - np.einsum("nbi,bi->nb", x, beta, optimize=True)
        scores = np.add.reduceat(x * residual[:, :, None], design.starts(), axis=0)
        if design.cluster is not None:
            together = np.zeros((design.independent, *scores.shape[1:]))
            np.add.at(together, design.cluster, scores)
            scores = together
        groups, columns = len(scores), basis.shape[1] + count
        factor = groups / (groups - 1) * (len(rows) - 1) / (len(rows) - columns)
        meat = np.einsum("gbi,gbj->bij", scores, scores, optimize=True)
        values = factor * np.einsum("bi,bij,bj->b", bread[:, 0], meat, bread[:, 0])
        return beta[:, 0], np.sqrt(values)
