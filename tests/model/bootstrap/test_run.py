"""Bootstrap copies: their cross-products, their decays, and what their spread says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.model.analysis import analyse_market
from reportgen.model.bootstrap import run as bootstrap
from reportgen.model.bootstrap.replicates import Copies, Process, Simulator
from reportgen.model.bootstrap.run import SETTLED, bootstrap_market, bootstrap_slope_test, summarise_bootstrap
from reportgen.model.lmm import reml
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.deviance import evaluate, pattern
from reportgen.model.lmm.fit import full_loglik
from reportgen.model.market.decay import estimate_decay
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.quality import slope_test
from reportgen.model.market.terms import market_design
from reportgen.panel import transforms
from reportgen.panel.features import ModelFrame, build_frame
from reportgen.panel.grid import make_panel
from reportgen.panel.simulate import MarketSpec, simulate_market, simulate_panel
from reportgen.results import Provenance, from_json, to_json
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import AdstockSettings, ModelSettings


def market(settings: Settings | None = None, seed: int = 1, **changes: object) -> MarketFit:
    settings = settings or Settings()
    panel = simulate_panel(MarketSpec(**changes), np.random.default_rng(seed))
    return fit_market(build_frame(panel, settings.model, settings.adstock), settings)


def two_channels() -> MarketFit:
    """Two channels, a control with gaps, late and missing cells, log response."""
    spec = MarketSpec(pharmacies=30, periods=30, gap_share=0.05, late_share=0.3)
    one = simulate_market(spec, np.random.default_rng(2))
    rng = np.random.default_rng(3)
    second = rng.poisson(3.0, one.sales.shape).astype(float)
    price = 100.0 + 4.0 * rng.standard_normal(one.sales.shape)
    hidden = ~one.recorded
    panel = make_panel(
        "M",
        np.where(hidden, np.nan, one.sales + 400.0 * second),
        np.where(hidden, np.nan, np.stack([one.promotion, second])),
        recorded=one.recorded,
        channels=("calls", "mail"),
        controls=np.where(hidden, np.nan, price)[None],
        control_names=("price",),
        first_period=spec.first_period,
        source="simulation",
    )
    settings = Settings(model=ModelSettings(response="log"), adstock=AdstockSettings(decay=0.4))
    return fit_market(build_frame(panel, settings.model, settings.adstock), settings)


def process(fitted: MarketFit) -> Process:
    fit = fitted.fit
    return Process(
        terms=fitted.terms, decays=fitted.decays, beta=fit.beta, psi=fit.psi, sigma=float(np.sqrt(fit.sigma2))
    )


def frame_of_copy(frame: ModelFrame, response: np.ndarray) -> ModelFrame:
    used = frame.used[frame.grid_rows]
    lags = [transforms.lag(response, int(name[3 : name.index("_")]))[used] for name in frame.lag_names]
    return replace(frame, response=response[used], lags=np.column_stack(lags))


def one_channel() -> MarketFit:
    return market(pharmacies=25, periods=18, gap_share=0.1, late_share=0.4)


@pytest.mark.parametrize("make", [one_channel, two_channels])
def test_cross_products_of_copies_are_those_of_their_rows(make):
    fitted = make()
    frame, fit = fitted.frame, fitted.fit
    simulator = Simulator(frame, process(fitted))
    responses = simulator.draw(np.random.default_rng(4).standard_normal((3, *simulator.noise_shape)))
    copies = Copies(frame, fitted.terms, fit, responses)
    channels = len(fitted.decays)
    free = pattern(fit.products.q, True)
    for decays in (np.full((3, channels), 0.3), np.linspace(0.1, 0.8, 3 * channels).reshape(3, channels)):
        products = copies.at(decays)
        at = evaluate(products, np.repeat(fit.at.theta, 3, axis=0), free, reml=True)
        for k in range(3):
            design = market_design(frame_of_copy(frame, responses[k]), fitted.terms, tuple(decays[k]))
            value, beta = direct(design, fit)
            ours = full_loglik(at.deviance[k], products.n[k], products.p, fit.scaling, reml=True)
            assert ours == pytest.approx(value, rel=1e-10)
            scaled = fit.scaling.offset + fit.scaling.y_scale * (fit.scaling.x_inverse @ at.beta[k])
            np.testing.assert_allclose(scaled, beta, rtol=1e-6, atol=1e-7 * np.abs(beta).max())


def direct(design: Design, fit) -> tuple[float, np.ndarray]:
    """Restricted log-likelihood and beta at the fit's Psi / sigma^2, from n x n matrices."""
    relative = fit.psi / fit.sigma2
    cov = np.where(design.group[:, None] == design.group, design.z @ relative @ design.z.T, 0.0)
    cov += np.eye(len(design.y))
    solved = np.linalg.solve(cov, np.column_stack([design.x, design.y]))
    gram = design.x.T @ solved[:, :-1]
    beta = np.linalg.solve(gram, design.x.T @ solved[:, -1])
    residual = design.y - design.x @ beta
    degrees = len(residual) - design.x.shape[1]
    r2 = residual @ np.linalg.solve(cov, residual)
    constant = degrees * (1.0 + np.log(2.0 * np.pi * r2 / degrees))
    return -0.5 * float(constant + np.linalg.slogdet(cov)[1] + np.linalg.slogdet(gram)[1]), beta


def test_copies_keep_the_sales_before_the_first_row_and_follow_the_recursion():
    fitted = market(pharmacies=20, periods=14, gap_share=0.1, late_share=0.4)
    frame = fitted.frame
    simulator = Simulator(frame, process(fitted))
    silent = simulator.draw(np.zeros((1, *simulator.noise_shape)))[0]
    used = frame.used[frame.grid_rows]
    before = ~np.maximum.accumulate(used, axis=1) & np.isfinite(frame.panel.sales[frame.grid_rows])
    np.testing.assert_array_equal(silent[before], frame.panel.sales[frame.grid_rows][before])
    design = market_design(frame_of_copy(frame, silent), fitted.terms, fitted.decays)
    np.testing.assert_allclose(design.x @ fitted.fit.beta, silent[used], rtol=1e-12)


def test_decays_of_copies_are_those_of_a_full_search():
    for changes in ({"pharmacies": 40, "periods": 30}, {"pharmacies": 20, "periods": 14}):
        fitted = market(seed=3, **changes)
        simulator = Simulator(fitted.frame, process(fitted))
        responses = simulator.draw(np.random.default_rng(0).standard_normal((3, *simulator.noise_shape)))
        ours = bootstrap._decays(
            fitted, Copies(fitted.frame, fitted.terms, fitted.fit, responses), bootstrap._search_model(fitted)
        )
        full = [estimate_decay(frame_of_copy(fitted.frame, y), fitted.terms).estimates[0] for y in responses]
        np.testing.assert_allclose(ours[:, 0], full, atol=0.06 * fitted.decay_fit.se[0])


def test_batches_and_runs_change_nothing(monkeypatch):
    fitted = market(pharmacies=15, periods=16)
    one = bootstrap_market(fitted, 20, np.random.default_rng(9))
    monkeypatch.setattr(bootstrap, "BATCH_GROUPS", 130)
    other = bootstrap_market(fitted, 20, np.random.default_rng(9))
    np.testing.assert_allclose(one.beta, other.beta, rtol=1e-6)
    np.testing.assert_allclose(one.decays, other.decays, atol=1e-6)


def test_spread_over_copies_is_about_the_standard_error():
    fitted = market(pharmacies=80, periods=24)
    draws = bootstrap_market(fitted, 120, np.random.default_rng(1))
    assert draws.failed == 0
    se = np.sqrt(np.diag(fitted.covariance.values))
    ratio = draws.beta.std(axis=0, ddof=1) / se
    assert np.all((ratio > 0.75) & (ratio < 1.4)), ratio


def test_summary_names_every_estimate():
    fitted = market(pharmacies=25, periods=16)
    summary = summarise_bootstrap(fitted, bootstrap_market(fitted, 40, np.random.default_rng(1)), 0.9)
    rows = {(row.quantity, row.term, row.other): row for row in summary.rows}
    assert {term for quantity, term, _ in rows if quantity == "coefficient"} == {one.term for one in fitted.terms.read}
    assert ("correlation", "Intercept", "Adstock_Promotion") in rows
    assert ("sd", "Residual", None) in rows
    assert ("decay", "Adstock_Promotion", None) in rows
    long_run = rows["long-run", "Adstock_Promotion", None]
    phi = sum(fitted.fit.beta[fitted.index(term)] for term in fitted.terms.lags)
    assert long_run.estimate == pytest.approx(fitted.fit.beta[1] / (1.0 - phi))
    assert long_run.lower < long_run.estimate < long_run.upper
    assert summary.replicates == 40
    assert summary.decay_estimated


def test_failed_copies_are_counted_and_left_out(monkeypatch):
    fitted = market(pharmacies=15, periods=16)
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    draws = bootstrap_market(fitted, 8, np.random.default_rng(1))
    summary = summarise_bootstrap(fitted, draws, 0.95)
    assert (draws.failed, summary.failed, len(draws.sigma)) == (8, 8, 0)
    assert all(row.se is None and row.lower is None for row in summary.rows)


def test_fixed_decay_stays():
    settings = Settings(adstock=AdstockSettings(decay=0.35))
    draws = bootstrap_market(market(settings, pharmacies=15, periods=16), 6, np.random.default_rng(1))
    assert np.all(draws.decays == 0.35)


def test_slope_test_of_few_pharmacies_uses_copies_without_slopes():
    flat = market(pharmacies=14, periods=24, sd_slope=0.0, seed=5)
    found = bootstrap_slope_test(flat, slope_test(flat), np.random.default_rng(2), replicates=59)
    assert found.reference == "bootstrap"
    assert found.replicates < 59
    assert found.p == SETTLED / found.replicates > 0.05
    steep = market(pharmacies=14, periods=24, sd_slope=2_500.0, seed=5)
    assert bootstrap_slope_test(steep, slope_test(steep), np.random.default_rng(2), replicates=59).p == 1 / 60


def test_slope_test_stops_at_the_copy_that_settles_it(monkeypatch):
    flat = market(pharmacies=14, periods=24, sd_slope=0.0, seed=5)
    test = slope_test(flat)
    found = bootstrap_slope_test(flat, test, np.random.default_rng(2), replicates=59)
    monkeypatch.setattr(bootstrap, "SETTLED", 60)

    def beyond(copies):
        p = bootstrap_slope_test(flat, test, np.random.default_rng(2), replicates=copies).p
        return round(p * (copies + 1)) - 1

    assert beyond(found.replicates) == SETTLED
    assert beyond(found.replicates - 1) == SETTLED - 1


def test_two_channels_are_estimated_again():
    fitted = two_channels()
    draws = bootstrap_market(fitted, 4, np.random.default_rng(1), estimate_decays=True)
    assert draws.decays.shape == (4, 2)
    assert draws.psi.shape == (4, 3, 3)
    assert np.all((draws.decays >= 0.0) & (draws.decays <= 0.95))


def test_pooled_fit_has_nothing_to_draw():
    fitted = replace(market(pharmacies=15, periods=16), rung="pooled")
    with pytest.raises(ValueError, match="pooled"):
        bootstrap_market(fitted, 5, np.random.default_rng(1))


def test_results_carry_the_bootstrap_and_the_test_of_few_pharmacies():
    settings = Settings(model=ModelSettings(bootstrap=12))
    panel = simulate_panel(MarketSpec(pharmacies=12, periods=16), np.random.default_rng(1))
    results = analyse_market(panel, settings, provenance())
    assert results.bootstrap is not None
    assert results.bootstrap.replicates == 12
    assert results.slope_test.reference == "bootstrap"
    assert from_json(to_json(results)) == results
    assert analyse_market(panel, settings, provenance()).bootstrap == results.bootstrap
    assert analyse_market(panel, Settings(), provenance()).bootstrap is None


def provenance() -> Provenance:
    return Provenance(
        package="0", versions=(), source="simulation", data_hash="0", settings_hash="0", settings=(), seed=1,
        as_of="2024-01-01",
    )  # fmt: skip
