"""Parametric bootstrap: rebuild sales from the fitted model, estimate everything again, decay included.

The decay of every copy is the maximum of its own ML profile, by channel in turn: the profile is
taken at Chebyshev points around the market's estimate (one evaluation each, with the decrease a
Newton step would bring), interpolated by the polynomial through them, and the copy is then fitted at
its maximum by the reported method. That is an approximation of ``decay.estimate_decay`` to a few
thousandths of the decay's standard error, at a hundredth of its time.

The slope test below 20 pharmacies draws from the fitted model without random slopes and compares
the market's likelihood ratio with those of the copies. Copies whose fit fails are counted, never
replaced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np

from reportgen.model.bootstrap.replicates import Copies, Process, Simulator
from reportgen.model.effects.responses import spectral_radius
from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.model.lmm.deviance import Evaluation, evaluate, factor, pattern
from reportgen.model.lmm.fit import LmmFit, fit_lmm
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.lmm.reml import minimise, newton_step
from reportgen.model.lmm.search import search
from reportgen.model.market.decay import HIGHEST
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.quality import without_slopes, without_slopes_rung
from reportgen.model.market.terms import Terms, decay_terms, market_design
from reportgen.model.market.territories import moving_together
from reportgen.results import BootstrapRow, BootstrapSummary, SlopeTest

Quantity = Literal["coefficient", "long-run", "decay", "sd", "correlation"]

BATCH_GROUPS = 6_400
"""Pharmacy blocks of the copies held together (their arrays stay in a core's cache)."""
NODES, MORE_NODES = 9, 17
NARROW, WIDE = 0.25, 0.6
"""Ranges of the decay up to NARROW need fewer nodes; over WIDE the whole range is searched."""
REACH = 4.5
"""Standard errors of the decay, each way, within which a copy's decay is searched."""
FINE = 401
SWEEPS = 2
SLOPE_REPLICATES, FIRST_COPIES = 199, 16
SETTLED = 10
"""Copies of the slope test; how many are drawn first; how many beyond the market's statistic settle that it is small:
one more than 5 % of all copies, so a difference at 5 % is found in the same markets as with all copies drawn."""
FEW_PHARMACIES = 20
"""Below this many pharmacies the boundary mixture of the slope test is not trusted (METHODS 2)."""
NEAR, FAR = 0.02, 5.0
"""Deviance a Newton step promises: under NEAR its model of the deviance is good to 1e-3, over FAR it is not taken."""
MOST_NEWTON = 4
OFF_ZERO = 0.05
"""Start of a zero element of the relative factor's diagonal: copies of a singular fit need not be singular."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BootstrapDraws:
    """Estimates of B copies whose fit succeeded, in data units, and how many failed.

    ``beta`` (B, p), ``psi`` (B, q, q), ``sigma`` (B,), ``decays`` (B, c).
    """

    beta: Array
    psi: Array
    sigma: Array
    decays: Array
    failed: int


def bootstrap_market(
    market: MarketFit, replicates: int, rng: np.random.Generator, *, estimate_decays: bool | None = None
) -> BootstrapDraws:
    """Draw copies of the market from its fit and estimate each again.

    Parameters
    ----------
    estimate_decays
        Whether the decays of the copies are estimated; default: where the market's were.

    Raises
    ------
    ValueError
        If the market was fitted by pooled least squares: that is no model to draw from.
    """
    if market.rung == "pooled":
        raise ValueError("a pooled fit has no random effects to draw")
    again = market.decay_source == "estimated" if estimate_decays is None else estimate_decays
    model = _search_model(market) if again else None
    simulator = Simulator(market.frame, process_of(market, market.fit))
    parts = []
    for size in _batches(market, replicates):
        copies = _draw(market, simulator, rng, size)
        decays = _decays(market, copies, model)
        parts.append(_estimates(market.fit, copies.at(decays), decays))
    return BootstrapDraws(
        beta=np.concatenate([part.beta for part in parts]),
        psi=np.concatenate([part.psi for part in parts]),
        sigma=np.concatenate([part.sigma for part in parts]),
        decays=np.concatenate([part.decays for part in parts]),
        failed=sum(part.failed for part in parts),
    )


def bootstrap_slope_test(
    market: MarketFit, test: SlopeTest, rng: np.random.Generator, replicates: int = SLOPE_REPLICATES
) -> SlopeTest:
    """The slope test against its distribution in copies without random slopes.

    p = (1 + number of copies with at least the market's statistic) / (1 + copies that could be fitted). No more copies
    are drawn once ``SETTLED`` are beyond: of all of them p could no longer be under 5 %.
    """
    if test.statistic is None:
        return test
    null = fit_lmm(without_slopes(market.design), method=market.fit.method, rung=without_slopes_rung(market.design))
    process = replace(process_of(market, null), terms=replace(market.terms, random=null.design.z_names))
    simulator = Simulator(market.frame, process)
    model = _search_model(market) if market.decay_source == "estimated" else None
    known, beyond, drawn = np.empty(0), np.empty(0, dtype=np.intp), 0
    while drawn < replicates:
        # As many as should settle it, going by the copies so far.
        wanted = ceil(drawn * (SETTLED - len(beyond)) / max(len(beyond), 1))
        size = min(max(wanted, FIRST_COPIES), _most(market), replicates - drawn)
        copies = _draw(market, simulator, rng, size)
        found = _ratios(market.fit, copies.at(_decays(market, copies, model)), null)
        known, drawn = np.append(known, found[np.isfinite(found)]), drawn + size
        # The statistic is zero in many copies and may be zero in the market: a tie counts as beyond.
        beyond = np.flatnonzero(known >= test.statistic - 1e-9)
        if len(beyond) >= SETTLED:
            # Besag and Clifford 1991, Biometrika 78(2): that many beyond among the copies drawn until then.
            last = int(beyond[SETTLED - 1]) + 1
            return replace(test, p=SETTLED / last, reference="bootstrap", replicates=last)
    return replace(test, p=(1 + len(beyond)) / (1 + len(known)), reference="bootstrap", replicates=len(known))


def process_of(market: MarketFit, fit: LmmFit) -> Process:
    """What copies of a market are drawn from: ``fit`` is the market's, or another one of its rows."""
    return Process(
        terms=market.terms, decays=market.decays, beta=fit.beta, psi=fit.psi, sigma=float(np.sqrt(fit.sigma2)),
        together=_together(market, fit),
    )  # fmt: skip


def _together(market: MarketFit, fit: LmmFit) -> float:
    """Correlation of the errors of two pharmacies of one territory in a period, 0 where they count as independent."""
    if fit.design.cluster is None:
        return 0.0
    residuals = fit.design.y - fitted_values(fit, conditional_modes(fit))
    found = moving_together(market.frame, fit.design.cluster, residuals)
    return 0.0 if found is None else float(np.clip(found.at(found.ratio), 0.0, 0.99))


def _most(market: MarketFit) -> int:
    """Copies drawn together."""
    return max(8, BATCH_GROUPS // market.design.groups)


def _batches(market: MarketFit, replicates: int) -> list[int]:
    whole, rest = divmod(replicates, _most(market))
    return [_most(market)] * whole + [rest] * (rest > 0)


def _draw(market: MarketFit, simulator: Simulator, rng: np.random.Generator, size: int) -> Copies:
    """The next ``size`` copies; noise is drawn copy by copy, so that the batch size changes nothing."""
    noise = rng.standard_normal((size, *simulator.noise_shape))
    return Copies(market.frame, market.terms, market.fit, simulator.draw(noise))


def _off_zero(fit: LmmFit) -> Array:
    """Theta with zero diagonal elements moved off zero, (m,)."""
    rows, columns = pattern(fit.products.q, fit.correlated)
    theta = fit.at.theta[0]
    return np.where((rows == columns) & (np.abs(theta) < OFF_ZERO), OFF_ZERO, theta)


def _search_model(market: MarketFit) -> tuple[Terms, LmmFit]:
    """The model in which decays are estimated, fitted to the market itself."""
    terms = decay_terms(market.frame, market.terms)
    design = market_design(market.frame, terms, market.decays)
    return terms, fit_lmm(design, method="ML", rung=market.fit.rung)


def _decays(market: MarketFit, copies: Copies, model: tuple[Terms, LmmFit] | None) -> Array:
    """Maximum-likelihood decays of every copy (B, c), without ``model`` the market's."""
    decays = np.tile(market.decays, (copies.batch, 1))
    if model is None:
        return decays
    search = Copies(market.frame, *model, copies.responses)
    theta = np.tile(_off_zero(search.fit), (copies.batch, 1))
    channels = decays.shape[1]
    for _ in range(1 if channels == 1 else SWEEPS):
        for channel in range(channels):
            decays[:, channel], theta = _best_decay(market, search, decays, channel, theta)
    return decays


def _best_decay(market: MarketFit, copies: Copies, decays: Array, channel: int, theta: Array) -> tuple[Array, Array]:
    """Decay of one channel with the highest profile (B,), and ML theta at the node nearest to it (B, m)."""
    nodes = _nodes(market, channel)
    correlated = market.fit.correlated
    free = pattern(market.fit.products.q, correlated)
    deviance = np.empty((copies.batch, len(nodes)))
    place = np.empty((len(nodes), *theta.shape))
    done: list[int] = []
    # From the market's own decay outwards: each node starts from the theta that its neighbours found.
    for k in np.argsort(np.abs(nodes - market.decays[channel])).tolist():
        moved = decays.copy()
        moved[:, channel] = nodes[k]
        start = _extended(nodes, place, done, k) if done else theta
        # Every node warm from its neighbours: a cold search of every copy at every node would take most of the time.
        place[k], deviance[:, k] = _settled(copies.at(moved), start, free, correlated)
        done.append(k)
    best = _highest(nodes, -0.5 * deviance)
    nearest = np.argmin(np.abs(nodes - best[:, None]), axis=1)
    return best, place[nearest, np.arange(copies.batch)]


def _extended(nodes: Array, place: Array, done: list[int], k: int) -> Array:
    """Theta at node k (B, m), on the line through the two nearest nodes that are done."""
    near = sorted(done, key=lambda j: abs(nodes[j] - nodes[k]))[:2]
    if len(near) == 1:
        return np.asarray(place[near[0]])
    share = (nodes[k] - nodes[near[0]]) / (nodes[near[1]] - nodes[near[0]])
    return np.asarray(place[near[0]] + share * (place[near[1]] - place[near[0]]))


def _nodes(market: MarketFit, channel: int) -> Array:
    """Chebyshev points (K,) where the copies' profiles are taken: a few standard errors around the estimate."""
    found = market.decay_fit
    se = found.se[channel] if found is not None else None
    low, high = 0.0, HIGHEST
    if se is not None:
        low, high = max(low, market.decays[channel] - REACH * se), min(high, market.decays[channel] + REACH * se)
        if high - low > WIDE:
            low, high = 0.0, HIGHEST
    count = NODES if high - low <= NARROW else MORE_NODES
    # Of the second kind, ends included: their polynomial does not swing between them as one through equal steps does
    # (Runge).
    return 0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * np.arange(count) / (count - 1))


def _settled(products: CrossProducts, theta: Array, free: tuple[Index, Index], correlated: bool) -> tuple[Array, Array]:
    """ML theta (B, m) and deviance (B,): Newton steps until the next one promises little, a search where they fail."""
    deviance = np.empty(len(theta))
    theta = theta.copy()
    open_ = np.arange(len(theta))
    for _ in range(MOST_NEWTON):
        at = evaluate(products.take(open_), theta[open_], free, reml=False)
        step, gain, definite = newton_step(at.gradient, at.hessian)
        # With the decrease that the last quadratic model promises: an error of third order in a step that is made no
        # more.
        deviance[open_] = at.deviance - gain
        plain = definite & (gain < FAR)
        theta[open_[plain]] += step[plain]
        open_ = open_[~(plain & (gain < NEAR))]
        if not open_.size:
            return theta, deviance
    found = minimise(products.take(open_), theta[open_], reml=False, correlated=correlated)
    theta[open_], deviance[open_] = found.theta, found.deviance
    return theta, deviance


def _highest(nodes: Array, values: Array) -> Array:
    """Abscissa of the maximum of the polynomial through (nodes, values (B, K)), Chebyshev points, (B,)."""
    fine = np.linspace(nodes[0], nodes[-1], FINE)
    # Barycentric interpolation with the weights of Chebyshev points of the second kind, halved at the ends (Berrut and
    # Trefethen 2004, SIAM Review 46(3), 5.4).
    sign = (-1.0) ** np.arange(len(nodes))
    sign[[0, -1]] *= 0.5
    gap = fine[:, None] - nodes
    hit = gap == 0.0
    weight = np.where(hit, 1.0, sign / np.where(hit, 1.0, gap))
    weight = np.where(hit.any(axis=1)[:, None], hit, weight)
    weight /= weight.sum(axis=1, keepdims=True)
    curve = (values - values.max(axis=1, keepdims=True)) @ weight.T
    top = np.argmax(np.where(np.isfinite(curve), curve, -np.inf), axis=1)
    inner = np.clip(top, 1, FINE - 2)
    rows = np.arange(len(values))
    below, here, above = (curve[rows, inner + k] for k in (-1, 0, 1))
    # A parabola through the best point of the fine grid and its neighbours: the maximum to far below the grid's step.
    bend = below - 2.0 * here + above
    shift = np.where(bend < 0.0, 0.5 * (below - above) / np.where(bend < 0.0, bend, 1.0), 0.0)
    edge = top != inner
    return np.asarray(np.where(edge, fine[top], fine[inner] + np.clip(shift, -1.0, 1.0) * (fine[1] - fine[0])))


def _fitted(fit: LmmFit, products: CrossProducts) -> tuple[Array, Array]:
    """Theta (B, m) at the optimum by the fit's method and its deviance; NaN where no optimum was certified."""
    found = search(products, reml=fit.method == "REML", correlated=fit.correlated).best()
    return found.theta, np.where(found.converged, found.deviance, np.nan)


def _estimates(fit: LmmFit, products: CrossProducts, decays: Array) -> BootstrapDraws:
    """Estimates of a batch of copies in data units."""
    theta, deviance = _fitted(fit, products)
    kept = np.flatnonzero(np.isfinite(deviance))
    q, scaling = products.q, fit.scaling
    free = pattern(q, fit.correlated)
    at: Evaluation = evaluate(products.take(kept), theta[kept], free, reml=fit.method == "REML")
    sigma2 = at.r2 / fit.degrees * scaling.y_scale**2
    root = scaling.z_inverse @ factor(theta[kept], q, free)
    return BootstrapDraws(
        beta=scaling.offset + scaling.y_scale * at.beta @ scaling.x_inverse.T,
        psi=sigma2[:, None, None] * (root @ root.transpose(0, 2, 1)),
        sigma=np.sqrt(sigma2),
        decays=decays[kept],
        failed=len(decays) - len(kept),
    )


def _ratios(fit: LmmFit, products: CrossProducts, null: LmmFit) -> Array:
    """Likelihood-ratio statistics of the random slopes, (B,); NaN where a fit failed."""
    batch, q = len(products.n), products.q
    _, full = _fitted(fit, products)
    # Without the slope's column, what it alone explained goes back to the squares that Z leaves.
    left = len(null.design.z_names)
    dropped = products.c[:, :, left:].reshape(batch, -1, products.p + 1)
    smaller = CrossProducts(
        rc=np.concatenate([products.rc[:, :, :left, :left], products.rc[:, :, :left, q:]], axis=3),
        within=products.within + dropped.transpose(0, 2, 1) @ dropped,
        n=products.n,
    )
    _, reduced = _fitted(null, smaller)
    return np.asarray(np.maximum(reduced - full, 0.0))


def summarise_bootstrap(market: MarketFit, draws: BootstrapDraws, confidence: float) -> BootstrapSummary:
    """Standard errors and percentile intervals of everything that was estimated again."""
    fit, terms = market.fit, market.terms
    lags, periods = [market.index(term) for term in terms.lags], terms.lag_periods
    rows = [
        _row("coefficient", name, float(fit.beta[k]), draws.beta[:, k], confidence)
        for k, name in enumerate(terms.fixed[: len(terms.read)])
    ]
    phi = draws.beta[:, lags]
    # Copies that do not settle have no effect kept up. They are counted in the summary and missing from this row.
    settled = spectral_radius(phi, periods) < 1.0 if lags else np.ones(len(phi), dtype=bool)
    own_phi = fit.beta[lags]
    stationary = bool(spectral_radius(own_phi, periods) < 1.0)
    for name in terms.promotion:
        k = market.index(name)
        value = float(fit.beta[k] / (1.0 - own_phi.sum())) if stationary else None
        values = draws.beta[settled, k] / (1.0 - phi[settled].sum(axis=1))
        rows.append(_row("long-run", name, value, values, confidence))
    if market.decay_source == "estimated":
        rows += [
            _row("decay", name, market.decays[k], draws.decays[:, k], confidence)
            for k, name in enumerate(terms.promotion)
        ]
    sd = np.sqrt(np.maximum(np.einsum("bii->bi", draws.psi), 0.0))
    own = np.sqrt(np.maximum(np.diag(fit.psi), 0.0))
    names = fit.design.z_names
    rows += [_row("sd", name, float(own[k]), sd[:, k], confidence) for k, name in enumerate(names)]
    rows.append(_row("sd", "Residual", float(np.sqrt(fit.sigma2)), draws.sigma, confidence))
    for j in range(len(names) if fit.correlated else 0):
        for i in range(j + 1, len(names)):
            # With a variance of zero there is no correlation; such copies say nothing of it.
            both = (sd[:, i] > 0.0) & (sd[:, j] > 0.0)
            values = draws.psi[both, i, j] / (sd[both, i] * sd[both, j])
            value = float(fit.psi[i, j] / (own[i] * own[j])) if own[i] * own[j] > 0.0 else None
            rows.append(_row("correlation", names[j], value, np.clip(values, -1.0, 1.0), confidence, other=names[i]))
    return BootstrapSummary(
        replicates=len(draws.sigma) + draws.failed,
        failed=draws.failed,
        not_stationary=int(np.sum(~settled)),
        decay_estimated=market.decay_source == "estimated",
        rows=tuple(rows),
    )


def _row(
    quantity: Quantity, term: str, estimate: float | None, values: Array, confidence: float, other: str | None = None
) -> BootstrapRow:
    row = BootstrapRow(quantity=quantity, term=term, other=other, estimate=estimate, se=None, lower=None, upper=None)
    if len(values) < 2:
        return row
    lower, upper = np.quantile(values, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
    return replace(row, se=float(np.std(values, ddof=1)), lower=float(lower), upper=float(upper))
