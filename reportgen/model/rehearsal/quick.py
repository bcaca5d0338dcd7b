"""Many panels of one market estimated at once, at the market's own ratio of variances.

Whole are: sales and their lags, the carry-over (by its own profile of the likelihood), every coefficient, the residual
variance, standard errors with what the carry-over leaves open, and what each pharmacy's slope takes from its own sales.
Kept as the market has them are: the ratio of the variances between and within
pharmacies, which time effects and trends are in the model, the curve. With the ratio held, whitened rows are the same
for all panels but for sales and their lags (Frisch and Waugh 1933), so that one panel costs some milliseconds; a whole
analysis costs a hundred times as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import Array, Design
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.terms import market_designs
from reportgen.model.rehearsal.worlds import Mask, carried
from reportgen.panel import transforms

NODES = 5
REACH = 4.0
"""Standard errors of the carry-over, each way, within which a panel's is sought."""
FINE = 401
STEP = 1e-4
CHUNK = 6_000_000
"""Numbers of moving columns held at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Estimates of B panels with their SE, (B,) each; ``effect`` is the coefficient of promotion, without one."""

    kept: Array
    kept_se: Array
    total: Array
    total_se: Array
    effect: Array


class Quick:
    """Estimates panels of one market; what does not differ between panels is made once."""

    def __init__(self, market: MarketFit, like: MarketFit | None = None) -> None:
        """``like``: the market whose carry-over was estimated, where ``market`` has another model of its sales."""
        self.market, self.like = market, like or market
        self.used = market.frame.used[market.frame.grid_rows]
        self.decays = _nodes(self.like)
        others = market.decays[1:]
        at = [(float(decay), *others) for decay in self.decays]
        ratio, term = market.fit.psi / market.fit.sigma2, market.terms.promotion[0]
        self._fits = [
            Whitened(design, self.used, ratio, market.terms.lags, term, market.random_index(term))
            for design in market_designs(market.frame, market.terms, at)
        ]

    def estimate(self, responses: Array) -> Found:
        """Estimates from responses (B, G, T)."""
        size = max(1, CHUNK // (responses[0].size * (1 + len(self.market.terms.lags))))
        parts = [self._some(responses[k : k + size]) for k in range(0, len(responses), size)]
        names = ("kept", "kept_se", "total", "total_se", "effect")
        return Found(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def _some(self, responses: Array) -> Found:
        moving = moving_columns(responses, self.market.terms.lag_periods, self.used)
        fits = [one.regress(moving) for one in self._fits]
        # Panels are drawn at this ratio of variances: at the one of the model that estimates the market's carry-over
        # theirs would come out a standard error too short.
        decay, at = self._profile(np.stack([one.loglik for one in fits], axis=1))
        # Everything moves smoothly along the carry-over: between nodes it is the polynomial through them.
        beta, slope = (np.einsum("kbj,bk->bj", np.stack([one.beta for one in fits]), weight) for weight in at)
        spread = np.einsum("kbij,bk->bij", np.stack([one.covariance for one in fits]), at[0])
        sigma2 = np.einsum("kb,bk->b", np.stack([one.sigma2 for one in fits]), at[0])
        modes = np.einsum("kbg,bk->bg", np.stack([one.modes for one in fits]), at[0])
        return self._effects(decay, beta, slope, spread, sigma2, modes)

    def _profile(self, loglik: Array) -> tuple[Array, tuple[Array, Array]]:
        """Best carry-over of each panel (B,), and weights (B, K) of the nodes for values there and their slopes."""
        if len(self.decays) == 1:
            ones = np.ones((len(loglik), 1))
            return np.full(len(loglik), self.decays[0]), (ones, 0.0 * ones)
        fine = np.linspace(self.decays[0], self.decays[-1], FINE)
        best = fine[np.argmax(loglik @ _weights(self.decays, fine).T, axis=1)]
        step = STEP * (self.decays[-1] - self.decays[0])
        ahead, behind = (_weights(self.decays, best + way * step) for way in (1.0, -1.0))
        return best, (_weights(self.decays, best), (ahead - behind) / (2.0 * step))

    def _effects(self, decay: Array, beta: Array, slope: Array, spread: Array, sigma2: Array, modes: Array) -> Found:
        """Kept up and total with their SE; columns of ``beta`` are promotion, then lags."""
        market, frame = self.market, self.market.frame
        lags = market.terms.lag_periods
        known = self.like.decay_fit
        own = known.se[0] if known is not None and len(self.decays) > 1 else None
        first = market.fit.beta[market.index(market.terms.promotion[0])]
        # What a record tells of the carry-over goes with the square of effect over noise.
        signal = np.maximum((beta[:, 0] / first) ** 2, 0.05)
        open_ = np.zeros(len(beta)) if own is None else own**2 * sigma2 / market.fit.sigma2 / signal
        rest = np.maximum(1.0 - beta[:, 1:].sum(axis=1), 0.02)
        scale = np.ones(len(beta)) if frame.normalize else 1.0 / (1.0 - decay)
        gradient = np.concatenate([(1.0 / rest)[:, None], np.repeat((beta[:, 0] / rest**2)[:, None], len(lags), 1)], 1)
        kept_se = np.sqrt(_quadratic(gradient, spread) + np.einsum("bj,bj->b", gradient, slope) ** 2 * open_)

        def total(coefficients: Array, rates: Array) -> Array:
            grid = np.nan_to_num(frame.panel.promotion[0][frame.grid_rows])
            unit = _bent(market, transforms.adstock(grid, rates, frame.normalize), rates)
            brought = carried(unit, coefficients[:, 1:], lags, self.used)
            return np.asarray(np.einsum("bg,bg->b", coefficients[:, :1] + modes, brought))

        middle = total(beta, decay)
        sides = []
        for j in range(beta.shape[1]):
            moved = beta.copy()
            step = 1e-3 * (np.abs(first) if j == 0 else 1.0)
            moved[:, j] += step
            sides.append((total(moved, decay) - middle) / step)
        around = np.stack(sides, axis=1)
        along = (total(beta, np.minimum(decay + 1e-3, 0.999)) - middle) / np.maximum(
            np.minimum(1e-3, 0.999 - decay), 1e-9
        )
        along = along + np.einsum("bj,bj->b", around, slope)
        total_se = np.sqrt(_quadratic(around, spread) + along**2 * open_)
        return Found(
            kept=scale * beta[:, 0] / rest, kept_se=scale * kept_se, total=middle, total_se=total_se, effect=beta[:, 0]
        )


class Whitened:
    """One design on the grid with V^-1/2 before it, its given columns orthonormal, ``term`` the last of them.

    ``ratio`` is Psi / sigma^2 (q, q), ``random`` the place of the random effect whose deviations are wanted.
    """

    def __init__(
        self, design: Design, used: Mask, ratio: Array, lags: tuple[str, ...], term: str, random: int | None = None
    ) -> None:
        groups, periods = used.shape
        z = _on_grid(design.z, used)
        v = np.eye(periods) + z @ ratio @ z.transpose(0, 2, 1)
        chol = np.linalg.cholesky(v)
        self.white = np.linalg.inv(chol)
        self.logdet = 2.0 * float(np.log(np.einsum("gtt->gt", chol)).sum())
        order = [k for k, name in enumerate(design.names) if name not in (*lags, term)]
        given = _on_grid(design.x[:, [*order, design.names.index(term)]], used)
        flat = (self.white @ given).reshape(groups * periods, -1)
        norms = np.sqrt(np.sum(flat**2, axis=0))
        self.basis, r = np.linalg.qr(flat / np.where(norms > 0.0, norms, 1.0))
        # The size of what is left of promotion once all other given columns are out.
        self.left = float(r[-1, -1] * norms[-1])
        self.rows = int(used.sum())
        self.columns = flat.shape[1] + len(lags)
        self.modes = None
        if random is not None:
            self.modes = (self.white @ z) @ ratio[random]

    def regress(self, moving: Array) -> Regressed:
        """Promotion and lags from moving columns (B, L + 1, G, T), sales last."""
        batch, count = moving.shape[:2]
        groups, periods = moving.shape[2:]
        columns = moving.transpose(2, 3, 0, 1).reshape(groups, periods, batch * count)
        white = (self.white @ columns).reshape(groups * periods, batch * count)
        inner = self.basis.T @ white
        each = white.reshape(-1, batch, count)
        gram = np.einsum("nbi,nbj->bij", each, each, optimize=True)
        share = inner.reshape(-1, batch, count)
        # Promotion is the last direction of the basis: it stays among the columns, the others are out.
        gram -= np.einsum("kbi,kbj->bij", share[:-1], share[:-1], optimize=True)
        lags = count - 1
        normal = np.empty((batch, 1 + lags, 1 + lags))
        right = np.empty((batch, 1 + lags))
        normal[:, 0, 0] = self.left**2
        normal[:, 0, 1:] = normal[:, 1:, 0] = self.left * share[-1][:, :lags]
        normal[:, 1:, 1:] = gram[:, :lags, :lags]
        right[:, 0] = self.left * share[-1][:, lags]
        right[:, 1:] = gram[:, :lags, lags]
        inverse = np.linalg.inv(normal)
        beta = np.einsum("bij,bj->bi", inverse, right)
        squares = gram[:, lags, lags] - np.einsum("bi,bi->b", beta, right)
        sigma2 = squares / (self.rows - self.columns)
        return Regressed(
            beta=beta,
            covariance=inverse * sigma2[:, None, None],
            sigma2=sigma2,
            loglik=-0.5 * (self.logdet + self.rows * np.log(squares)),
            modes=self._deviations(each, share, beta, groups, periods),
        )

    def _deviations(self, each: Array, share: Array, beta: Array, groups: int, periods: int) -> Array:
        """Slopes' deviations given sales, (B, G): S Z_i' V_i^-1 (y - X beta)."""
        if self.modes is None:
            return np.zeros((len(beta), groups))
        weights = np.concatenate([-beta[:, 1:], np.ones((len(beta), 1))], axis=1)
        left = np.einsum("nbj,bj->nb", each, weights, optimize=True)
        fitted = np.einsum("kbj,bj->kb", share, weights, optimize=True)
        # Promotion itself was left in: its own coefficient takes its direction out but for what is kept of it.
        fitted[-1] = beta[:, 0] * self.left
        left -= self.basis @ fitted
        return np.asarray(np.einsum("gtb,gt->bg", left.reshape(groups, periods, -1), self.modes, optimize=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regressed:
    """Promotion and lags of B panels at one carry-over: ``beta`` (B, 1 + L), ``covariance``, ``modes`` (B, G)."""

    beta: Array
    covariance: Array
    sigma2: Array
    loglik: Array
    modes: Array


def moving_columns(responses: Array, lags: tuple[int, ...], used: Mask) -> Array:
    """Lags and responses of B panels on the grid, (B, L + 1, G, T), zero where there is no row; about their mean."""
    middle = float(responses[0][used].mean())
    columns = [transforms.lag(responses, lag) for lag in lags]
    return np.stack([np.where(used, column - middle, 0.0) for column in (*columns, responses)], axis=1)


def _on_grid(rows: Array, used: Mask) -> Array:
    grid = np.zeros((*used.shape, rows.shape[1]))
    grid[used] = rows
    return grid


def _bent(market: MarketFit, stock: Array, rates: Array) -> Array:
    curve = market.frame.curve(0)
    if curve is None:
        return stock
    rest = np.ones(1) if market.frame.normalize else 1.0 - rates
    return np.asarray(curve.bend(stock * rest[:, None, None]) / rest[:, None, None])


def _quadratic(gradient: Array, spread: Array) -> Array:
    return np.asarray(np.maximum(np.einsum("bi,bij,bj->b", gradient, spread, gradient), 0.0))


def _nodes(market: MarketFit) -> Array:
    """Chebyshev points of the carry-over, around the market's."""
    found = market.decay_fit
    se = None if found is None or market.decay_source != "estimated" else found.se[0]
    if se is None or not se > 0.0:
        return np.array([market.decays[0]])
    low, high = max(0.0, market.decays[0] - REACH * se), min(0.97, market.decays[0] + REACH * se)
    count = NODES
    return np.asarray(0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * np.arange(count) / (count - 1)))


def _weights(nodes: Array, places: Array) -> Array:
    """Weights (B, K) of the nodes' values for the polynomial through them at places (B,) (Lagrange)."""
    gap = places[:, None] - nodes
    out = np.ones((len(places), len(nodes)))
    for k, node in enumerate(nodes):
        for j, other in enumerate(nodes):
            if j != k:
                out[:, k] *= gap[:, j] / (node - other)
    return out
