"""Complete, internally consistent results without fitting anything: what report and render tests start from.

``market_results()`` simulates a small panel with numpy, then *writes down* estimates near the truth, so every total
adds up (rows read = used + lost, months sum to the incremental total, total slope = market effect + deviation) and no
optimiser decides whether a presentation test passes. Same arguments, same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen import results as r
from reportgen import results as rm
from reportgen.panel.curves import ResponseCurve

Floats = NDArray[np.float64]
Names = Literal["plain", "long", "devanagari", "arabic", "hostile"]

_DEVANAGARI = ("पुणे", "मुंबई", "नागपुर", "नाशिक", "इंदौर", "भोपाल", "जयपुर", "लखनऊ")
_ARABIC = ("صيدلية النور", "صيدلية الشفاء", "صيدلية الحياة", "صيدلية الأمل")
_HOSTILE = (
    "<script>alert(1)</script>",
    "$x_{$",
    "=2+5",
    'A & B "quoted"',
    "back\\slash ${jndi}",
    "line\u202ebidi",
    "{{ 7*7 }}",
)


def pharmacy_names(count: int, kind: Names = "plain") -> tuple[str, ...]:
    """Unique pharmacy codes, sorted as the panel sorts them."""
    made: list[str] = []
    for i in range(count):
        code = f"P{i + 1:04d}"
        if kind == "long":
            code = (
                f"{code} Pharmacy of the very long name at the corner of two streets near the old central market hall"
            )
        elif kind == "devanagari":
            code = f"{_DEVANAGARI[i % len(_DEVANAGARI)]} औषधालय {i + 1}"
        elif kind == "arabic":
            code = f"{_ARABIC[i % len(_ARABIC)]} {i + 1}"
        elif kind == "hostile":
            code = f"{_HOSTILE[i % len(_HOSTILE)]} {i + 1}"
        made.append(code)
    return tuple(sorted(made))


def period_labels(periods: int, kind: str = "month", start: tuple[int, int] = (2021, 1)) -> tuple[str, ...]:
    """ISO labels: ``2021-01`` or the Monday of a week."""
    if kind == "week":
        first = date(start[0], start[1], 4).toordinal()
        first -= date.fromordinal(first).weekday()
        return tuple(date.fromordinal(first + 7 * i).isoformat() for i in range(periods))
    months = [start[0] * 12 + start[1] - 1 + i for i in range(periods)]
    return tuple(f"{m // 12:04d}-{m % 12 + 1:02d}" for m in months)


@dataclass(frozen=True, eq=False)
class _World:
    """Simulated panel and the numbers that were 'estimated' on it. Grids are (G, T)."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    sales: Floats
    promotion: Floats
    adstock: Floats
    response: Floats
    deviation: Floats
    slopes: Floats
    beta: float
    beta_se: float
    phi: tuple[float, float]
    sigma: float
    sd_intercept: float
    sd_slope: float
    log: bool
    rng: np.random.Generator

    @property
    def persistence(self) -> float:
        return 1.0 - sum(self.phi)


def _world(
    seed: int, pharmacies: int, periods: int, period: str, effect: float, response: str, singular: bool, names: Names
) -> _World:
    rng = np.random.default_rng([seed, pharmacies, periods])
    log = response == "log"
    unit = 0.00006 if log else 1.0
    level = 5.6 if log else 7200.0
    sigma, sd_intercept, sd_slope = 900.0 * unit, 1500.0 * unit, 0.0 if singular else 90.0 * unit
    beta, phi, decay = 250.0 * effect * unit, (0.3, 0.1), 0.4
    promotion = np.clip(rng.poisson(4.0, (pharmacies, periods)).astype(float), 0, 12)
    adstock = np.zeros_like(promotion)
    for t in range(periods):
        adstock[:, t] = (1 - decay) * promotion[:, t] + (decay * adstock[:, t - 1] if t else 0.0)
    deviation, slopes = rng.normal(0, sd_intercept, pharmacies), rng.normal(0, 1, pharmacies) * sd_slope
    season = 300 * unit * np.sin(2 * np.pi * np.arange(periods) / (12 if period == "month" else 52))
    y = np.zeros_like(promotion)
    for t in range(periods):
        one = y[:, t - 1] if t > 0 else (level + deviation) / 0.6 + beta * 4
        two = y[:, t - 2] if t > 1 else one
        y[:, t] = level + deviation + (beta + slopes) * adstock[:, t] + phi[0] * one + phi[1] * two + season[t]
        y[:, t] += rng.normal(0, sigma, pharmacies)
    if not log:
        y = np.maximum(y, 150.0)
    se = float(np.hypot(sd_slope / np.sqrt(pharmacies), sigma / np.sqrt(pharmacies * periods)) * 1.4)
    return _World(
        names=pharmacy_names(pharmacies, names),
        labels=period_labels(periods, period),
        sales=np.exp(y) if log else y,
        promotion=promotion,
        adstock=adstock,
        response=y,
        deviation=deviation,
        slopes=slopes,
        beta=beta,
        beta_se=se,
        phi=phi,
        sigma=sigma,
        sd_intercept=sd_intercept,
        sd_slope=sd_slope,
        log=log,
        rng=rng,
    )


def _row(term: str, estimate: float, se: float, df: float, sd: float | None) -> r.FixedEffect:
    half = float(stats.t.ppf(0.975, df)) * se
    return r.FixedEffect(
        term=term,
        estimate=estimate,
        se=se,
        se_gls=se * 0.93,
        df=df,
        statistic=estimate / se,
        p=float(2 * stats.t.sf(abs(estimate / se), df)),
        lower=estimate - half,
        upper=estimate + half,
        column_sd=sd,
    )


def _fixed(w: _World, *, corrected: bool = True, shift: float = 0.0) -> tuple[r.FixedEffect, ...]:
    lag = "Log_Sales" if w.log else "Sales"
    y, groups = w.response, len(w.names) - 1.0
    spread = float(y.std())
    rows = [
        _row("Intercept", float(y.mean()) * 0.35, spread * 0.09, groups, None),
        _row("Adstock_Promotion", w.beta + shift * w.beta_se, w.beta_se, groups * 0.8, float(w.adstock.std())),
        _row(f"Lag1_{lag}", w.phi[0] + 0.06 * shift, 0.021, y.size * 0.7, spread),
        _row(f"Lag2_{lag}", w.phi[1] + 0.03 * shift, 0.019, y.size * 0.7, spread * 0.98),
    ]
    if corrected:
        size = abs(w.beta_se)
        rows.append(_row("Initial_Sales", 0.24, 0.031, groups, float(y[:, 0].std())))
        rows.append(_row("Mean_Promotion", w.beta * 0.2, size * 1.9, groups, float(w.promotion.mean(1).std()) or 0.1))
        rows.append(_row("Initial_Promotion", w.beta * -0.1, size * 1.2, groups, float(w.adstock[:, 2].std()) or 0.1))
        rows.append(_row("Presample_Promotion", w.beta * 0.3, size * 2.5, groups, 0.7))
    return tuple(rows)


def _data(w: _World, period: str) -> r.DataSummary:
    groups, periods = w.sales.shape
    lost = (
        r.RowsLost(reason="first-periods", rows=2 * groups),
        r.RowsLost(reason="missing-sales", rows=min(groups, 7)),
    )
    used = groups * periods - sum(item.rows for item in lost)
    return r.DataSummary(
        rows_read=groups * periods,
        rows_used=used,
        rows_lost=lost,
        pharmacies=groups,
        months=periods,
        period=(w.labels[0], w.labels[-1]),
        period_type="week" if period == "week" else "month",
        group_size=r.GroupSize(min=periods - 3, mean=used / groups, max=periods - 2),
        sales_total=float(w.sales.sum()),
        sales_mean=float(w.sales.mean()),
        promotion_mean=(float(w.promotion.mean()),),
        promotion_sd=(float(w.promotion.std()),),
        currency="INR",
    )


def _model(w: _World, confidence: float, design: str) -> r.ModelSummary:
    lag = "Log_Sales" if w.log else "Sales"
    lags = (f"Lag1_{lag}", f"Lag2_{lag}")
    correction = ("Initial_Sales", "Mean_Promotion", "Initial_Promotion", "Presample_Promotion")
    right = " + ".join(("Adstock_Promotion", *lags, *correction, "C(Period)"))
    return r.ModelSummary(
        formula=f"{lag} ~ {right}",
        random_formula="~ Adstock_Promotion",
        groups="Pharmacy",
        method="REML",
        response="log" if w.log else "level",
        correction="initial-conditions",
        design="experiment" if design == "experiment" else "observational",
        confidence=confidence,
        decay=0.4,
        decay_source="estimated",
        normalize=True,
        channels=("promotion",),
        decays=(0.4,),
        lags=(1, 2),
        promotion_terms=("Adstock_Promotion",),
        lag_terms=lags,
        control_terms=(),
        correction_terms=correction,
        random_terms=("Intercept", "Adstock_Promotion"),
        terms=(
            r.ModelTerm(term="Intercept", role="intercept"),
            r.ModelTerm(term="Adstock_Promotion", role="promotion", channel=0),
            *(r.ModelTerm(term=name, role="lag", lag=k) for k, name in enumerate(lags, start=1)),
            r.ModelTerm(term="Initial_Sales", role="initial-sales", lag=1),
            r.ModelTerm(term="Mean_Promotion", role="mean-promotion", channel=0),
            r.ModelTerm(term="Initial_Promotion", role="initial-promotion", channel=0),
            r.ModelTerm(term="Presample_Promotion", role="presample-promotion", channel=0),
        ),
        rung="correlated",
        standard_error="full-information",
    )


def _fit(w: _World, rows: int, *, singular: bool, certified: bool) -> r.FitSummary:
    loglik = -rows * (np.log(w.sigma) + 1.43)
    off = 0.0 if singular else 0.2 * w.sd_intercept * w.sd_slope
    psi = ((w.sd_intercept**2, off), (off, w.sd_slope**2))
    attempts = tuple(
        r.Attempt(rung="correlated", start=start, loglik=loglik - gap, iterations=n, converged=certified)
        for start, gap, n in (("moment", 0.0, 7), ("grid", 0.0 if certified else 3.2, 9))
    )
    return r.FitSummary(
        loglik=loglik,
        loglik_ml=loglik + 9.5,
        aic=-2 * (loglik + 9.5) + 22,
        bic=-2 * (loglik + 9.5) + 11 * np.log(rows),
        scale=w.sigma**2,
        converged=certified,
        certified=certified,
        singular=singular,
        iterations=7,
        kkt=3e-10,
        statsmodels_gap=None if singular else 2e-9,
        attempts=attempts,
        theta=(
            w.sd_intercept / w.sigma,
            0.0 if singular else 0.2 * w.sd_slope / w.sigma,
            0.0 if singular else 0.98 * w.sd_slope / w.sigma,
        ),
        cov_re=r.CovRe(terms=("Intercept", "Adstock_Promotion"), values=psi),
        sigma=w.sigma,
    )


def _variances(w: _World) -> tuple[r.VarianceRow, ...]:
    rows = (("Intercept", w.sd_intercept, 0.13), ("Adstock_Promotion", w.sd_slope, 0.2), ("Residual", w.sigma, 0.02))
    return tuple(
        r.VarianceRow(
            term=term, variance=sd**2, sd=sd, lower=sd * (1 - rel), upper=sd * (1 + 1.2 * rel) if sd else w.beta_se
        )
        for term, sd, rel in rows
    )


def _impulse(w: _World, horizons: int = 13) -> tuple[r.ImpulsePoint, ...]:
    weight, effects = 0.6, []
    for h in range(horizons):
        one = effects[h - 1] if h > 0 else 0.0
        two = effects[h - 2] if h > 1 else 0.0
        effects.append(weight * 0.4**h * w.beta + w.phi[0] * one + w.phi[1] * two)
    cumulative = np.cumsum(effects)
    relative = 1.96 * w.beta_se / abs(w.beta) if w.beta else 0.0
    points = []
    for h, (effect, total) in enumerate(zip(effects, cumulative, strict=True)):
        wide, wider = abs(effect) * relative * (1 + 0.08 * h), abs(total) * relative * (1 + 0.02 * h)
        points.append(
            r.ImpulsePoint(
                horizon=h,
                effect=float(effect),
                lower=float(effect - wide),
                upper=float(effect + wide),
                cumulative=float(total),
                cumulative_lower=float(total - wider),
                cumulative_upper=float(total + wider),
            )
        )
    return tuple(points)


def _long_run(w: _World) -> r.LongRun:
    estimate, se = w.beta / w.persistence, w.beta_se / w.persistence * 1.1
    return r.LongRun(
        estimate=estimate,
        se=se,
        lower=estimate - 1.98 * se,
        upper=estimate + 1.98 * se,
        stationary=True,
        method="delta",
        multiplier=1 / w.persistence,
        half_life=1.0,
        total_pulse=estimate,
    )


def _time(w: _World) -> r.TimeSummary:
    used = w.labels[2:]
    level = w.response[:, 2:].mean(axis=0) * w.persistence
    wide = 2.0 * w.sigma / np.sqrt(len(w.names))
    return r.TimeSummary(
        kind="periods",
        reason="varies-within-periods",
        share_left=0.96,
        least_share=0.2,
        shares=(0.96,),
        count=len(used) - 1,
        harmonics=0,
        absorbed=(),
        pharmacy_trend=False,
        pharmacy_trend_reason="likelihood-does-not-ask",
        pharmacy_trend_p=0.42,
        effects=tuple(
            r.TimeEffect(period=label, estimate=value, lower=value - wide, upper=value + wide)
            for label, value in zip(used, (level - level.mean()).tolist(), strict=True)
        ),
    )


def _effects(w: _World) -> tuple[r.PromotionEffects, ...]:
    first, settled = _impulse(w)[0], _long_run(w)
    kept_up = r.EffectSize(estimate=settled.estimate, lower=settled.lower, upper=settled.upper)
    return (
        r.PromotionEffects(
            channel="promotion",
            term="Adstock_Promotion",
            first_period=r.EffectSize(estimate=first.effect, lower=first.lower, upper=first.upper),
            in_all=kept_up,
            kept_up=kept_up,
        ),
    )


def _decay() -> r.DecaySummary:
    grid = [round(0.05 * i, 2) for i in range(19)]
    profile = tuple(
        r.DecayPoint(decay=d, loglik_ml=-9100.0 - 42.0 * (d - 0.4) ** 2 * (1.4 if d > 0.4 else 1.0)) for d in grid
    )
    return r.DecaySummary(
        channel="promotion",
        estimate=0.4,
        lower=0.19,
        upper=0.58,
        at_edge=False,
        estimated=True,
        profile=profile,
        lag_correlation=-0.46,
        se=0.1,
    )


def _effect_grid(w: _World) -> Floats:
    """(G, T) money that promotion brought, through the recursion (first-order for the log response)."""
    effect = np.zeros_like(w.sales)
    for t in range(w.sales.shape[1]):
        one = effect[:, t - 1] if t > 0 else 0.0
        two = effect[:, t - 2] if t > 1 else 0.0
        effect[:, t] = (w.beta + w.slopes) * w.adstock[:, t] + w.phi[0] * one + w.phi[1] * two
    return w.sales * (1 - np.exp(-effect)) if w.log else np.minimum(effect, 0.9 * w.sales)


def _incremental(w: _World, effect: Floats) -> r.Incremental:
    used = effect[:, 2:]
    total, sales = float(used.sum()), float(w.sales[:, 2:].sum())
    half = 1.96 * w.beta_se / max(abs(w.beta), 0.2 * w.beta_se) * abs(total)
    months = []
    for t in range(2, w.sales.shape[1]):
        amount, month = float(effect[:, t].sum()), float(w.sales[:, t].sum())
        wide = half * abs(amount) / abs(total)
        months.append(
            r.IncrementalMonth(
                period=w.labels[t],
                sales=month,
                without=month - amount,
                without_lower=month - amount - wide,
                without_upper=month - amount + wide,
                incremental=amount,
                pharmacies=len(w.names),
            )
        )
    return r.Incremental(
        total=total,
        share=total / sales,
        lower=total - half,
        upper=total + half,
        share_lower=(total - half) / sales,
        share_upper=(total + half) / sales,
        draws=1000,
        months=tuple(months),
        settled=w.labels[5],
        recent=_recent(months, half / abs(total)),
    )


def _recent(months: list[r.IncrementalMonth], spread: float) -> r.RecentSales:
    """The mean of the last twelve periods, as wide as the total."""
    last = months[-12:]
    mean, sales = (float(np.mean([getattr(one, name) for one in last])) for name in ("incremental", "sales"))
    return r.RecentSales(
        period=(last[0].period, last[-1].period), periods=len(last), sales=sales, estimate=mean,
        lower=mean - spread * abs(mean), upper=mean + spread * abs(mean), share=mean / sales,
        year=mean * (12 if len(last[0].period) == 7 else 52),
    )  # fmt: skip


def _earning(brought: r.Incremental, cost: float, visits: float) -> r.Incremental:
    """The same with the profit a period, as :func:`_roi` counts it over the record."""
    recent = brought.recent
    assert recent is not None
    paid = cost * visits / len(brought.months)
    low, middle, high = (0.3 * value - paid for value in (recent.lower, recent.estimate, recent.upper))
    return replace(brought, recent=replace(recent, profit=r.EffectSize(estimate=middle, lower=low, upper=high)))


def _forecast(w: _World, confidence: float, *, planned: bool = False) -> r.Forecast:
    """Three periods after the record, three percent above those of the year before."""
    coming = period_labels(w.sales.shape[1] + 3, "week" if len(w.labels[0]) > 7 else "month")[-3:]
    expected = 1.03 * w.sales[:, -12:-9]
    half = stats.norm.ppf(0.5 + confidence / 2.0) * w.sales.sum(axis=0)[-12:].std()
    usual, before = expected.sum(axis=0), w.sales[:, -12:-9].sum(axis=0)
    more = 0.04 * usual if planned else np.full(3, np.nan)

    def limits(value: float, size: float) -> tuple[float, float]:
        return float(value - size), float(value + size)

    rows = []
    for k, label in enumerate(coming):
        low, high = limits(usual[k], half)
        row = r.ForecastPeriod(
            period=label, estimate=float(usual[k]), lower=low, upper=high, planned=None, planned_lower=None,
            planned_upper=None, year_before=float(before[k]), promotion=4.1, planned_promotion=None,
        )  # fmt: skip
        if planned:
            low, high = limits(usual[k] + more[k], half)
            row = replace(
                row, planned=float(usual[k] + more[k]), planned_lower=low, planned_upper=high, planned_promotion=4.1
            )
        rows.append(row)
    low, high = limits(usual.sum(), 2.0 * half)
    total = r.ForecastSum(estimate=float(usual.sum()), lower=low, upper=high, year_before=float(before.sum()))
    if planned:
        gain = float(more.sum())
        total = replace(
            total, planned=total.estimate + gain, planned_lower=low + gain, planned_upper=high + gain,
            gain=gain, gain_lower=0.2 * gain, gain_upper=1.8 * gain, loss=0.014,
        )  # fmt: skip
    unit = 1e-6 if w.log else 0.01
    return r.Forecast(
        periods=tuple(rows),
        total=total,
        usual="last-year",
        movement=r.Movement(noise=3e4 * unit, wander=1.2e4 * unit, season=2e4 * unit),
        draws=1000,
        ended=0,
        recent_periods=w.labels[-6:],
        pharmacies=tuple(
            r.PharmacyAhead(
                pharmacy=name, expected=tuple(map(float, expected[i])), recent=tuple(map(float, w.sales[i, -6:]))
            )
            for i, name in enumerate(w.names)
        ),
    )


def planned_forecast(one: r.MarketResults, **wanted: Any) -> r.MarketResults:
    """The same market with what the plan would bring in its forecast; ``wanted`` as in :func:`market_results`."""
    w = _world(
        wanted.get("seed", 1), wanted.get("pharmacies", 40), wanted.get("periods", 36), "month",
        wanted.get("effect", 1.0), wanted.get("response", "level"), False, wanted.get("names", "plain"),
    )  # fmt: skip
    return replace(one, forecast=_forecast(w, 0.95, planned=True))


def tracked_results(one: r.MarketResults, *, misses: int = 1) -> r.MarketResults:
    """The same market with six scored promises, of which some missed."""
    assert one.forecast is not None
    total = one.forecast.periods[0].estimate
    rows = tuple(
        r.ScoredPeriod(
            made="2023-11-30", last_period="2023-09", ahead=1 + k % 3, period=f"2023-{10 + k % 3}", said=total,
            lower=0.95 * total, upper=1.05 * total, planned=None, planned_held=None,
            came=(1.1 if k < misses else 1.02) * total, held=k >= misses, share=1.0,
        )
        for k in range(6)
    )  # fmt: skip
    came = sum(row.came for row in rows)
    return replace(
        one,
        track=r.TrackRecord(
            periods=rows, count=6, held=6 - misses, expected=5.7,
            error=sum(abs(row.came - row.said) for row in rows) / came,
            bias=sum(row.said - row.came for row in rows) / came,
        ),
    )  # fmt: skip


def changed_results(one: r.MarketResults, *, within: bool = False, rule: str = "new-data") -> r.MarketResults:
    """The same market with a change against the run before: new months and other settings, told apart."""
    assert one.incremental is not None
    size, total = one.effects[0].kept_up.estimate or 0.0, one.incremental.total or 0.0
    change = r.Change(
        since="2023-12-31",
        last_period="2023-11",
        effect=r.Moved(before=0.8 * size, now=size, change=0.2 * size, limit=0.1 * abs(size), within=within),
        incremental=r.Moved(before=0.9 * total, now=total, change=0.1 * total),
        verdict_before="unclear",
        verdict=one.verdict.code,
        rule="one-se" if rule == "one-se" else "new-data",
        parts=(
            r.ChangePart(causes=("periods",), effect=0.15 * size, incremental=0.08 * total),
            r.ChangePart(causes=("settings", "remaining"), effect=0.05 * size, incremental=0.02 * total),
        ),
        main=("periods",),
        new_periods=1,
        dropped_periods=0,
        revised_periods=2,
        settings=(("model.lags", "1", "1, 2"),),
        versions=(),
        lists=(
            r.ListChange(name="above", joined=(one.pharmacies[0].pharmacy,), left=()),
            r.ListChange(name="below", joined=(), left=(one.pharmacies[1].pharmacy,)),
        ),
    )
    return replace(one, change=change)


def _amounts(inc: r.Incremental) -> tuple[float, float, float, float]:
    """Total, bounds and share, where it is known that they exist."""
    return tuple(float(v) for v in (inc.total, inc.lower, inc.upper, inc.share))  # type: ignore[arg-type, return-value]


def _what_if(inc: r.Incremental, cost: float | None, visits: float) -> tuple[r.WhatIf, ...]:
    total, lower, upper, share = _amounts(inc)
    rows = []
    for change in (-1.0, -0.25, -0.1, 0.1, 0.25):
        low, high = sorted((change * lower, change * upper))
        spent = None if cost is None else change * visits * cost
        profit = [None, None, None] if spent is None else [0.3 * v - spent for v in (change * total, low, high)]
        rows.append(
            r.WhatIf(
                change=change,
                sales=change * total,
                lower=low,
                upper=high,
                share=change * share,
                profit=profit[0],
                profit_lower=profit[1],
                profit_upper=profit[2],
            )
        )
    return tuple(rows)


def _roi(inc: r.Incremental, cost: float, visits: float) -> r.Roi:
    total, lower, upper, _ = _amounts(inc)
    spent = cost * visits
    values = [(0.3 * v - spent) / spent for v in (total, lower, upper)]
    even = [0.3 * v / visits for v in (total, lower, upper)]
    return r.Roi(
        cost=spent,
        margin=0.3,
        roi=values[0],
        lower=values[1],
        upper=values[2],
        break_even_cost=even[0],
        break_even_lower=even[1],
        break_even_upper=even[2],
    )


def _pharmacies(w: _World, effect: Floats, data: r.DataSummary) -> tuple[r.PharmacyRow, ...]:
    groups = len(w.names)
    noise = w.sigma / np.sqrt(w.sales.shape[1] * w.adstock.var(1))
    reliability = w.sd_slope**2 / (w.sd_slope**2 + noise**2)
    own = w.slopes + w.rng.normal(0, 1, groups) * noise
    modes = reliability * own
    csd = np.sqrt(np.maximum(w.sd_slope**2 * (1 - reliability), 0.0) + w.beta_se**2)
    gap = (modes[:, None] - modes[None, :]) / np.sqrt(csd[:, None] ** 2 + csd[None, :] ** 2)
    rank = 100 * (stats.norm.cdf(gap).sum(1) - 0.5) / max(groups - 1, 1)
    own_intercept = w.deviation + w.rng.normal(0, w.sd_intercept * 0.3, groups)
    shares = effect.sum(1) / effect.sum() if effect.sum() else np.full(groups, 1 / groups)
    total = float(effect[:, 2:].sum())
    left = w.rng.normal(0, w.beta_se / np.sqrt(groups) * 1.3, groups)
    left[int(np.argmax(modes))] = -0.55 * w.beta_se
    spare = data.group_size.max * groups - data.rows_used
    rows = []
    for i, name in enumerate(w.names):
        slope, se = float(modes[i]), float(csd[i])
        rows.append(
            r.PharmacyRow(
                pharmacy=name,
                rows=data.group_size.max - (1 if i < spare else 0),
                sales_mean=float(w.sales[i].mean()),
                promotion_mean=float(w.promotion[i].mean()),
                intercept=float(0.92 * own_intercept[i]),
                intercept_se=w.sd_intercept * 0.28,
                slope=slope,
                slope_se=se,
                total_slope=w.beta + slope,
                lower=w.beta + slope - 1.96 * se,
                upper=w.beta + slope + 1.96 * se,
                reliability=float(reliability[i]),
                expected_rank=float(rank[i]),
                long_run=(w.beta + slope) / w.persistence,
                own_intercept=float(own_intercept[i]),
                own_slope=float(w.beta + own[i]),
                incremental=float(shares[i]) * total,
                incremental_share=float(shares[i]) * total / float(w.sales[i, 2:].sum()),
                cooks_d=float((left[i] / w.beta_se) ** 2),
                effect_without=float(w.beta + left[i]),
            )
        )
    return tuple(rows)


CHECKS: tuple[tuple[str, r.CheckStatus, float | None, float], ...] = (
    ("convergence", "pass", 3e-10, 1e-7),
    ("residual-normality", "review", 0.972, 0.98),
    ("random-effect-normality", "pass", 0.991, 0.98),
    ("linearity", "pass", 0.004, 0.02),
    ("scale-location", "pass", 1.4, 2.0),
    ("autocorrelation", "pass", 0.06, 0.1),
    ("arellano-bond-m2", "not-run", None, 1.96),
    ("outliers", "pass", 0.004, 0.005),
    ("predictive", "pass", 0.021, 0.05),
    ("collinearity", "pass", 2.1, 5.0),
    ("adstock-lag-correlation", "pass", 0.46, 0.7),
    ("stationarity", "pass", 0.5, 0.95),
    ("targeting", "pass", 0.12, 0.3),
    ("decay-edge", "pass", 0.4, 0.95),
    ("common-campaigns", "pass", 0.96, 0.2),
    ("time-effects", "pass", 0.0, 1.0),
    ("pharmacy-trend", "pass", 0.42, 0.05),
    ("lead-placebo", "pass", 0.62, 1.96),
    ("carry-over-shape", "pass", 0.31, 1.96),
    ("seasonality", "review", 1.31, 1.0),
    ("correction-gap", "review", 1.3, 1.0),
    ("influence", "review", 0.55, 0.5),
    ("verdict-without-most-influential", "pass", 0.0, 0.0),
    ("holdout", "pass", 0.745, 1.0),
    ("drift", "pass", 0.7, 1.96),
    ("saturation", "pass", 0.4, 1.64),
    ("scale", "pass", -171.0, 2.0),
    ("lags", "pass", -6.2, 0.0),
    ("memory", "pass", 0.24, 1.96),
    ("elasticity", "pass", 0.24, 0.65),
    ("entry-slips", "pass", 0.0, 0.0),
    ("level-shifts", "pass", 0.0, 0.5),
    ("yearly-levels", "pass", 0.12, 0.5),
    ("promotion-follows-levels", "pass", 0.0, 0.25),
    ("zero-months", "pass", 0.0, 0.0),
    ("many-zeros", "pass", 0.0, 0.25),
    ("second-optimum", "pass", 9.4, 2.0),
    ("long-memory", "pass", 0.06, 0.25),
    ("totals-in-range", "pass", 0.21, 0.9),
)
"""Every check of reportgen/model/checks/rules.py in the order of a report, with its threshold."""


def _checks(w: _World) -> tuple[r.Check, ...]:
    most = w.names[int(np.argmax(w.slopes))]
    named = {"influence": most, "verdict-without-most-influential": most}
    singular: dict[str, r.CheckStatus] = {"convergence": "review"} if w.sd_slope == 0.0 else {}
    return tuple(
        r.Check(id=i, status=singular.get(i, s), value=v, threshold=t, detail=named.get(i)) for i, s, v, t in CHECKS
    )


def _ordinary(w: _World) -> r.OrdinaryRegression:
    terms = tuple(
        r.OlsTerm(
            term=row.term, ols=row.estimate * 1.15, ols_se=(row.se or 0) * 0.6, mixed=row.estimate, mixed_se=row.se
        )
        for row in _fixed(w, corrected=False)
    )
    found: tuple[tuple[Any, Any, float, float], ...] = (
        ("independence", "fail", 0.31, 0.05),
        ("equal-effects", "fail", 0.0002, 0.05),
        ("constant-variance", "pass", 0.21, 0.05),
        ("normality", "review", 0.02, 0.05),
    )
    assumptions = tuple(r.OlsAssumption(id=i, status=s, value=v, threshold=t) for i, s, v, t in found)
    return r.OrdinaryRegression(
        terms=terms,
        assumptions=assumptions,
        loglik_ml=-9240.0,
        se_ratio=1 / 0.6,
        incremental_gap=float(w.sales.sum() * 0.011),
    )


# --- chart data -----------------------------------------------------------------------------


def _monthly(w: _World) -> r.MonthlySeries:
    low, mid, high = np.quantile(w.sales, (0.25, 0.5, 0.75), axis=0)
    year = 52 if len(w.labels[0]) > len("2021-01") else 12
    span = year if len(mid) >= 2 * year else len(mid) // 2
    return r.MonthlySeries(
        typical=float(np.median(mid)),
        change=float(mid[-span:].mean() / mid[:span].mean() - 1),
        compared=span,
        periods=w.labels,
        sales_total=_plain(w.sales.sum(0)),
        sales_median=_plain(mid),
        sales_q25=_plain(low),
        sales_q75=_plain(high),
        promotion_mean=_plain(w.promotion.mean(0)),
        pharmacies=(len(w.names),) * len(w.labels),
    )


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _multiples(w: _World) -> tuple[r.PharmacySeries, ...]:
    order = np.argsort(w.sales.mean(1))
    count = min(12, len(order))
    third = max(1, count // 4)
    middle = len(order) // 2
    wanted = [
        *order[::-1][:third],
        *order[:third],
        *order[middle - third // 2 :][:third],
        *order[middle // 2 :][:third],
    ]
    roles: list[Any] = ["largest"] * third + ["smallest"] * third + ["typical"] * third + ["odd"] * third
    series = []
    for place, role in zip(wanted, roles, strict=False):
        sales: list[float | None] = list(_plain(w.sales[place]))
        if role == "odd":
            sales[5] = None
        series.append(
            r.PharmacySeries(
                pharmacy=w.names[place], role=role, sales=tuple(sales), promotion=_plain(w.promotion[place])
            )
        )
    return tuple(series)


def _density(fitted: Floats, residual: Floats) -> r.Density:
    counts, y_edges, x_edges = np.histogram2d(residual, fitted, bins=(24, 36))
    place = np.clip(np.digitize(fitted, np.quantile(fitted, np.linspace(0, 1, 13))[1:-1]), 0, 11)
    return r.Density(
        x_edges=_plain(x_edges),
        y_edges=_plain(y_edges),
        counts=tuple(tuple(int(c) for c in row) for row in counts),
        smooth_x=_plain(np.array([fitted[place == k].mean() for k in range(12)])),
        smooth_y=_plain(np.array([residual[place == k].mean() for k in range(12)])),
    )


def _qq(name: str, sample: Floats, points: int = 99) -> r.QQ:
    n = len(sample)
    p = (np.arange(1, min(points, n) + 1) - 0.5) / min(points, n)
    z = stats.norm.ppf(p)
    half = 1.96 * np.sqrt(p * (1 - p) / n) / stats.norm.pdf(z)
    scaled = np.quantile((sample - sample.mean()) / (sample.std() or 1.0), p)
    return r.QQ(name=name, theoretical=_plain(z), sample=_plain(scaled), lower=_plain(z - half), upper=_plain(z + half))


def _charts(w: _World, rows: int) -> r.Charts:
    residual = w.rng.normal(0, w.sigma, rows)
    fitted = w.rng.choice(w.response.ravel(), rows) - 0.2 * residual
    order = np.sort(fitted)[:: max(1, rows // 40)]
    scale = 0.82 + 0.05 * (order - order[0]) / (order[-1] - order[0])
    lags = tuple(range(1, 13))
    values = w.rng.normal(0, 0.02, 12)
    counts, edges = np.histogram(w.response, bins=30)
    share = counts / counts.sum()
    simulated = np.convolve(share, (0.25, 0.5, 0.25), "same")
    return r.Charts(
        monthly=_monthly(w),
        multiples=_multiples(w),
        residuals=_density(fitted, residual),
        qq=(
            _qq("residuals", residual),
            _qq("Intercept", w.deviation),
            _qq("Adstock_Promotion", w.rng.normal(size=len(w.names))),
        ),
        autocorrelation=r.Autocorrelation(
            lags=lags, values=_plain(values), bounds=_plain(1.96 / np.sqrt(rows - np.arange(12) * len(w.names) * 0.5))
        ),
        scale_location=r.Curve(x=_plain(order), y=_plain(scale)),
        promotion_range=tuple(_plain(np.quantile(w.adstock, (0.05, 0.95)))),  # type: ignore[arg-type]
        promotion_center=float(w.adstock.mean()),
        market_level=float(w.response.mean()),
        predictive=r.PredictiveCheck(
            edges=_plain(edges),
            observed=_plain(share),
            simulated=_plain(simulated),
            lower=_plain(simulated * 0.85),
            upper=_plain(simulated * 1.15 + 0.002),
        ),
    )


def _provenance() -> r.Provenance:
    return r.Provenance(
        package="0.1.0",
        versions=(("python", "3.12.0"), ("numpy", "2.0.0"), ("statsmodels", "0.15.0")),
        source="panel.csv",
        data_hash="a" * 64,
        settings_hash="b" * 64,
        settings=(("model.lags", "1, 2"), ("adstock.decay", "estimate")),
        seed=20240101,
        as_of="2024-01-31",
    )


def _verdict(effect: float, singular: bool) -> r.Verdict:
    if effect < 0:
        return r.Verdict(code="negative", reasons=("effect-negative",))
    if effect < 0.1:
        return r.Verdict(code="no-effect", reasons=("effect-too-small-to-matter",))
    if singular:
        return r.Verdict(code="works", reasons=("effect-positive", "no-differences-found"))
    return r.Verdict(code="works-unevenly", reasons=("effect-positive", "pharmacies-differ"))


def market_results(
    *,
    seed: int = 1,
    pharmacies: int = 40,
    periods: int = 36,
    status: r.Status = "ok",
    response: Literal["level", "log"] = "level",
    market: str = "PL-01",
    names: Names = "plain",
    period: Literal["month", "week"] = "month",
    effect: float = 1.0,
    confidence: float = 0.95,
    design: Literal["observational", "experiment"] = "observational",
    cost: float | None = 180.0,
    reasons: tuple[r.Reason, ...] | None = None,
    **changes: Any,
) -> r.MarketResults:
    """Results of one market.

    Parameters
    ----------
    effect
        Multiple of the usual promotion effect: 1 works, 0.01 none to speak of, -1 harms.
    cost
        Money per promotion unit (with a margin of 30 %), or ``None`` for no ROI.
    reasons
        Of the status; a fitting default otherwise.
    **changes
        Fields of ``MarketResults`` to replace in the end.
    """
    singular = status == "singular"
    w = _world(seed, pharmacies, periods, period, effect, response, singular, names)
    data = _data(w, period)
    if status in ("not-estimable", "not-estimated"):
        return replace(_unestimated(w, status, data, market, confidence, design, reasons), **changes)
    money = _effect_grid(w)
    incremental, visits = _incremental(w, money), float(w.promotion[:, 2:].sum())
    incremental = incremental if cost is None else _earning(incremental, cost, visits)
    fixed = _fixed(w)
    long_run = _long_run(w)
    assert long_run.estimate is not None
    assert long_run.se is not None
    off = None if singular else 0.2
    made = r.MarketResults(
        market=market,
        status=status,
        reasons=reasons
        or ((r.Reason(code="singular", column="Adstock_Promotion", value=0.0, limit=1e-4),) if singular else ()),
        data=data,
        model=_model(w, confidence, design),
        fit=_fit(w, data.rows_used, singular=singular, certified=True),
        fixed=fixed,
        variances=_variances(w),
        correlations=(
            r.CorrelationRow(
                terms=("Intercept", "Adstock_Promotion"), value=off, lower=off and -0.2, upper=off and 0.55
            ),
        ),
        icc=w.sd_intercept**2 / (w.sd_intercept**2 + w.sigma**2),
        r2=r.RSquared(marginal=0.58, conditional=0.81, promotion=0.04),
        quality=r.FitQuality(
            rmse=float(w.sales.std() * 0.4), wmape=0.061, holdout_wmape=0.082, naive_wmape=0.11, holdout_periods=6
        ),
        plain=r.Comparison(
            fixed=_fixed(w, corrected=False, shift=1.3),
            long_run=long_run.estimate * 1.4,
            long_run_se=long_run.se * 1.3,
            differs=True,
        ),
        within=r.Comparison(
            fixed=_fixed(w, corrected=False, shift=-0.4)[1:],
            long_run=long_run.estimate * 0.93,
            long_run_se=long_run.se,
            differs=False,
        ),
        slope_test=r.SlopeTest(
            statistic=0.0 if singular else 31.4, p=1.0 if singular else 2.4e-7, reference="mixture-1-2"
        ),
        decay=_decay(),
        time=_time(w),
        effects=_effects(w),
        long_run=long_run,
        impulse=_impulse(w),
        incremental=incremental,
        foresight=r.Foresight(correlation=0.47, correlation_at_limit=0.29, observed=-0.02) if effect > 0 else None,
        elasticity=r.Elasticity(estimate=0.24, lower=0.16, upper=0.32) if effect > 0 else None,
        what_if=_what_if(incremental, cost, visits),
        roi=None if cost is None else _roi(incremental, cost, visits),
        forecast=_forecast(w, confidence),
        pharmacies=_pharmacies(w, money, data),
        checks=_checks(w),
        sensitivity=(
            r.Sensitivity(
                id="without-most-influential",
                estimate=w.beta - 0.55 * w.beta_se,
                lower=w.beta - 2.5 * w.beta_se,
                upper=w.beta + 1.4 * w.beta_se,
                detail=w.names[int(np.argmax(w.slopes))],
            ),
            r.Sensitivity(
                id="month-dummies",
                estimate=w.beta + 0.3 * w.beta_se,
                lower=w.beta - 1.7 * w.beta_se,
                upper=w.beta + 2.3 * w.beta_se,
            ),
        ),
        ordinary=_ordinary(w),
        verdict=_verdict(effect, singular),
        charts=_charts(w, data.rows_used),
        provenance=_provenance(),
    )
    return replace(made, **changes)


def territory_results(errors: Literal["periods", "clustered"], **wanted: Any) -> r.MarketResults:
    """Results of a market of eight territories, compared within, or clusters of errors."""
    one = market_results(**wanted)
    assert one.model is not None
    assert one.time is not None
    apart = errors == "clustered"
    found = r.TerritorySummary(
        count=8, smallest=3, largest=7, errors=errors,
        reason="decided-for-territories" if apart else "varies-within-territories",
        share_within=0.043 if apart else 0.41, least_share=0.1,
        independent=8 if apart else one.data.pharmacies, df=6.3 if apart else 940.0,
    )  # fmt: skip
    if apart:
        return replace(one, territories=found, model=replace(one.model, standard_error="territory"))
    time = replace(one.time, kind="territory-periods", reason=found.reason, share_left=0.41, least_share=0.1, count=271)
    return replace(one, territories=found, time=time)


def curved(one: r.MarketResults, kind: r.CurveKind = "hill", *, channel: int = 0) -> r.MarketResults:
    """The same market with one response that flattens: its effects of one unit are those at usual promotion."""
    assert one.model is not None
    usual = one.data.promotion_mean[channel]
    curve = ResponseCurve(kind=kind, scale=0.8 * usual, usual=usual)
    lowest, highest = 0.3 * usual, 2.3 * usual
    levels = np.unique([*np.linspace(0.0, 1.1 * highest, 41), 0.5 * usual, usual, 2.0 * usual])
    size = one.effects[channel].kept_up
    assert size.estimate is not None
    brought, slope = (size.estimate * values for values in (curve.bend(levels), curve.slope(levels)))
    points = tuple(
        r.CurvePoint(
            promotion=float(level),
            estimate=float(brings),
            lower=float(brings - 0.3 * abs(brings)),
            upper=float(brings + 0.3 * abs(brings)),
            marginal=float(more),
            seen=bool(lowest <= level <= highest),
        )
        for level, brings, more in zip(levels, brought, slope, strict=True)
    )
    shape = r.ResponseShape(
        channel=one.model.channels[channel], kind=kind, scale=curve.scale, usual=usual, lowest=lowest, highest=highest,
        reach=float(curve.bend(np.array([usual]))[0] / usual), reach_lower=1.3, reach_upper=3.1,
        gain=21.4, markets=6, points=points,
    )  # fmt: skip
    return replace(one, shapes=(*one.shapes, shape))


def channel_results(names: tuple[str, ...], *, clear: int = 0, **wanted: Any) -> r.MarketResults:
    """Results of a market with several channels: ``clear`` works as the usual one does, the others do nothing."""
    one = market_results(**wanted)
    assert one.model is not None
    assert one.decay is not None
    assert one.incremental is not None
    terms = tuple(f"Adstock_{name}" for name in names)
    (usual,), fixed = one.effects, {row.term: row for row in one.fixed}["Adstock_Promotion"]
    nothing = r.EffectSize(estimate=12.0, lower=-60.0, upper=84.0)
    rows = [replace(fixed, term=term, estimate=7.0, lower=-36.0, upper=50.0) for term in terms]
    rows[clear] = replace(fixed, term=terms[clear])
    effects = [
        r.PromotionEffects(channel=name, term=term, first_period=nothing, in_all=nothing, kept_up=nothing)
        for name, term in zip(names, terms, strict=True)
    ]
    effects[clear] = replace(usual, channel=names[clear], term=terms[clear])
    decays = tuple(replace(one.decay, channel=name, estimate=0.1 + 0.05 * k) for k, name in enumerate(names))
    roles = tuple(
        r.ModelTerm(term=term, role="promotion", channel=k, label=name)
        for k, (name, term) in enumerate(zip(names, terms, strict=True))
    )
    data = one.data
    return replace(
        one,
        model=replace(
            one.model,
            channels=names,
            promotion_terms=terms,
            decays=tuple(decay.estimate for decay in decays),
            terms=(*roles, *(term for term in one.model.terms if term.role != "promotion")),
        ),
        data=replace(
            data, promotion_mean=data.promotion_mean * len(names), promotion_sd=data.promotion_sd * len(names)
        ),
        fixed=(one.fixed[0], *rows, *(row for row in one.fixed[1:] if row != fixed)),
        effects=tuple(effects),
        channels=tuple(
            _channel(one, name, term, works=k == clear) for k, (name, term) in enumerate(zip(names, terms, strict=True))
        ),
        decay=decays[0],
        more_decays=decays[1:],
        verdict=r.Verdict(code="works", reasons=("effect-positive",)),
    )


def _channel(one: r.MarketResults, name: str, term: str, *, works: bool) -> r.ChannelEffect:
    assert one.long_run is not None
    assert one.incremental is not None
    code: r.VerdictCode = "works" if works else "unclear"
    return r.ChannelEffect(
        channel=name,
        term=term,
        long_run=one.long_run
        if works
        else replace(one.long_run, estimate=12.0, lower=-60.0, upper=84.0, total_pulse=12.0),
        impulse=one.impulse,
        incremental=one.incremental.total if works else 1200.0,
        lower=one.incremental.lower if works else -9000.0,
        upper=one.incremental.upper if works else 9000.0,
        share=one.incremental.share if works else 0.001,
        verdict=r.Verdict(code=code, reasons=("effect-positive" if works else "interval-includes-zero",)),
    )


def _unestimated(
    w: _World,
    status: r.Status,
    data: r.DataSummary,
    market: str,
    confidence: float,
    design: str,
    reasons: tuple[r.Reason, ...] | None,
) -> r.MarketResults:
    """Nothing estimated: the data summary, the monthly series and the reason are all there is."""
    failed = status == "not-estimated"
    default = (
        r.Reason(code="not-certified") if failed else r.Reason(code="promotion-constant", column="promotion", value=4.0)
    )
    monthly = _monthly(w)
    if not failed:
        monthly = replace(monthly, promotion_mean=(4.0,) * len(w.labels))
        data = replace(data, promotion_mean=(4.0,), promotion_sd=(0.0,))
    return r.MarketResults(
        market=market,
        status=status,
        reasons=reasons or (default,),
        data=data,
        model=_model(w, confidence, design) if failed else None,
        fit=_fit(w, data.rows_used, singular=False, certified=False) if failed else None,
        verdict=r.Verdict(code="cannot-tell", reasons=((reasons or (default,))[0].code,)),
        charts=r.Charts(monthly=monthly, multiples=_multiples(w)),
        provenance=_provenance(),
    )


# --- all markets ----------------------------------------------------------------------------


def _market_estimate(index: int, name: str, truth: float, se: float, pooled: float, tau2: float) -> rm.MarketEstimate:
    share = tau2 / (tau2 + se**2)
    shrunken, spread = pooled + share * (truth - pooled), float(np.sqrt(share) * se)
    p = float(2 * stats.norm.sf(abs(truth / se)))
    mean = 9000.0 + 450.0 * index
    return rm.MarketEstimate(
        market=name,
        status="singular" if index % 9 == 4 else "ok",
        verdict="works" if truth > 1.96 * se else "unclear",
        estimate=truth,
        se=se,
        lower=truth - 1.96 * se,
        upper=truth + 1.96 * se,
        p=p,
        p_adjusted=min(1.0, 1.3 * p),
        discovery=1.3 * p <= 0.05,
        weight=None,
        shrunken=shrunken,
        shrunken_se=spread,
        shrunken_lower=shrunken - 1.96 * spread,
        shrunken_upper=shrunken + 1.96 * spread,
        expected_rank=float(100 * stats.norm.cdf((shrunken - pooled) / np.sqrt(tau2 + spread**2))),
        pharmacies=25 + 3 * index,
        rows_used=(25 + 3 * index) * 34,
        sales_mean=mean,
        channel="promotion",
        first_period=truth / 100 * mean * 0.6,
        in_all=truth / 100 * mean,
        kept_up=truth / 100 * mean,
        kept_up_lower=(truth - 1.96 * se) / 100 * mean,
        kept_up_upper=(truth + 1.96 * se) / 100 * mean,
        incremental=truth / 100 * mean * 4 * (25 + 3 * index) * 34,
        incremental_share=truth / 25,
        roi=truth / 3 - 1,
        checks_passed=14,
        checks_run=16,
    )


def overview_results(
    *, seed: int = 1, markets: int = 8, excluded: int = 2, names: tuple[str, ...] = (), pooled: bool = True
) -> rm.OverviewResults:
    """Return an overview of ``markets`` estimated and ``excluded`` other ones; effects in percent of sales."""
    rng = np.random.default_rng([seed, markets])
    center, tau = 3.0, 0.8
    codes = tuple(sorted(names or (f"MK{i + 1:03d}" for i in range(markets))))
    ses = rng.uniform(0.3, 1.4, markets)
    truths = center + rng.normal(0, 1, markets) * np.hypot(tau, ses)
    weights = 1 / (tau**2 + ses**2)
    mean, se = float((weights * truths).sum() / weights.sum()), float(1 / np.sqrt(weights.sum()))
    estimates = tuple(
        replace(
            _market_estimate(i, codes[i], float(truths[i]), float(ses[i]), mean, tau**2),
            weight=float(100 * weights[i] / weights.sum()),
        )
        for i in range(markets)
    )
    together = rm.PooledEffect(
        k=markets,
        estimate=mean,
        se=se,
        se_classical=se * 0.95,
        df=markets - 1,
        statistic=mean / se,
        p=float(2 * stats.norm.sf(mean / se)),
        lower=mean - 2.2 * se,
        upper=mean + 2.2 * se,
        prediction_lower=mean - 2.3 * float(np.hypot(tau, se)) if markets > 2 else None,
        prediction_upper=mean + 2.3 * float(np.hypot(tau, se)) if markets > 2 else None,
        tau2=tau**2,
        tau=tau,
        tau2_lower=0.1,
        tau2_upper=2.4,
        tau2_paule_mandel=0.66,
        estimate_paule_mandel=mean * 1.01,
        certified=True,
        q=18.2,
        q_df=markets - 1,
        q_p=0.011,
        i2=61.0,
        h2=2.6,
    )
    out = tuple(
        rm.ExcludedMarket(
            market=f"ZZ{i + 1:02d}",
            status="not-estimable",
            verdict="cannot-tell",
            reasons=(r.Reason(code="promotion-constant", column="promotion", value=4.0),),
            pharmacies=12,
            rows_used=0,
            sales_mean=8000.0,
        )
        for i in range(excluded)
    )
    brought = [row.incremental or 0.0 for row in estimates]
    totals = rm.RunTotals(
        markets=markets + excluded,
        estimated=markets,
        singular=sum(row.status == "singular" for row in estimates),
        not_estimated=0,
        not_estimable=excluded,
        failed=0,
        pharmacies=sum(row.pharmacies for row in (*estimates, *out)),
        rows_used=sum(row.rows_used for row in estimates),
        verdicts=(
            ("works", sum(row.verdict == "works" for row in estimates)),
            ("works-unevenly", 0),
            ("unclear", sum(row.verdict == "unclear" for row in estimates)),
            ("no-effect", 0),
            ("negative", 0),
            ("cannot-tell", excluded),
        ),
        sales=4.2e8,
        incremental=sum(brought),
        incremental_lower=0.8 * sum(brought),
        incremental_upper=1.2 * sum(brought),
        share=sum(brought) / 4.2e8,
        incremental_markets=markets,
    )
    return rm.OverviewResults(
        estimand="kept-up-percent",
        confidence=0.95,
        false_discovery_rate=0.05,
        totals=totals,
        pooled=together if pooled and markets > 1 else None,
        markets=estimates,
        excluded=out,
    )


def calibrations(alone: bool = False) -> tuple[r.Calibration, ...]:
    """An experiment of each measure; the last one ``alone``, without an estimate beside it."""

    def sized(estimate: float, se: float) -> r.SizeWithError:
        return r.SizeWithError(estimate=estimate, se=se, lower=estimate - 1.96 * se, upper=estimate + 1.96 * se)

    def one(measures: Any, estimate: float, lonely: bool = False) -> r.Calibration:
        return r.Calibration(
            measures=measures,
            channel=None,
            period=("2021-03", "2021-08"),
            experiment=sized(estimate, 0.1 * estimate),
            market=None if lonely else sized(1.1 * estimate, 0.2 * estimate),
            combined=None if lonely else sized(1.02 * estimate, 0.09 * estimate),
            weight=None if lonely else 0.8,
            gap=-0.45,
        )

    return one("kept-up", 380.0), one("first-month", 140.0), one("incremental", 4.1e5, lonely=alone)


def experiment(effect: float = 310.0, se: float = 60.0, carry_over: bool = False) -> r.Experiment:
    """An experiment in the record of a market."""

    def sized(estimate: float, error: float) -> r.SizeWithError:
        return r.SizeWithError(estimate=estimate, se=error, lower=estimate - 2 * error, upper=estimate + 2 * error)

    return r.Experiment(
        channel="visits",
        period=("2023-09", "2023-12"),
        periods=4,
        before=32,
        since=4,
        pharmacies=40,
        more=20,
        effect=sized(effect, se),
        brought=sized(240.0 * effect, 240.0 * se),
        carry_over=carry_over,
        balance=(
            r.Balance(name="sales", more=41_200.0, others=40_300.0, difference=0.09, t=0.3),
            r.Balance(name="growth", more=0.021, others=0.024, difference=-0.05, t=-0.2),
            r.Balance(name="promotion", more=6.1, others=6.0, difference=0.04, t=None),
        ),
    )
