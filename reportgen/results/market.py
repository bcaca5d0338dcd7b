"""The waist: every number a report may print, and nothing else.

Everything before this type is statistics, everything after it is presentation. The types
hold only ``str``, ``int``, ``float``, ``bool``, ``None``, tuples and each other, so they
round-trip through JSON exactly; a number that does not exist is ``None`` (JSON ``null``),
never NaN. Verdicts, reasons and checks are codes; words live in ``report/narrative.py``.

Units, unless a field says otherwise: *sales units* are money per pharmacy and period
(``response = "level"``) or natural-log points (``"log"``); *promotion units* are those of
the promotion column. Intervals are ``lower``/``upper`` at level ``model.confidence``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 1

Status = Literal["ok", "singular", "not-estimated", "not-estimable"]
CheckStatus = Literal["pass", "review", "fail", "not-run"]
VerdictCode = Literal["works", "works-unevenly", "unclear", "no-effect", "negative", "cannot-tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a market has its status: a stable code, and the facts its sentence needs.

    ``column`` names the offending column, ``value`` what was found, ``limit`` what is needed.
    """

    code: str
    column: str | None = None
    value: float | None = None
    limit: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsLost:
    """Rows that were read but not used, by reason code."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSize:
    """Used rows per pharmacy."""

    min: int
    mean: float
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """What was read and what was used. ``rows_read == rows_used + sum(rows_lost)``."""

    rows_read: int
    rows_used: int
    rows_lost: tuple[RowsLost, ...]
    pharmacies: int
    """Pharmacies with at least one used row (all pharmacies read, if nothing is used)."""
    months: int
    """Calendar periods between the first and the last record, both included."""
    period: tuple[str, str]
    """First and last period read, ISO: ``2021-01`` (month) or ``2021-01-04`` (Monday of a week)."""
    period_type: Literal["month", "week"]
    group_size: GroupSize
    sales_total: float | None
    sales_mean: float | None
    """Mean sales per used pharmacy-period, in money."""
    promotion_mean: tuple[float, ...]
    promotion_sd: tuple[float, ...]
    """Per channel, over used rows, in promotion units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """What was fitted."""

    formula: str
    random_formula: str
    groups: str
    method: Literal["REML", "ML"]
    response: Literal["level", "log"]
    correction: Literal["initial-conditions", "none"]
    design: Literal["observational", "experiment"]
    confidence: float
    decay: float | None
    """Adstock decay used, in [0, 1). First channel where there are several (see ``channels``)."""
    decay_source: Literal["estimated", "fixed", "shared"]
    normalize: bool
    channels: tuple[str, ...]
    decays: tuple[float, ...]
    lags: tuple[int, ...]
    promotion_terms: tuple[str, ...]
    """Terms of the promotion channels in ``fixed`` (adstocked)."""
    lag_terms: tuple[str, ...]
    control_terms: tuple[str, ...]
    correction_terms: tuple[str, ...]
    random_terms: tuple[str, ...]
    rung: Literal["correlated", "uncorrelated", "intercept", "pooled"]
    standard_error: Literal["full-information", "gls", "cluster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of the optimiser: a start, or a rung of the ladder."""

    rung: str
    start: str
    loglik: float | None
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CovRe:
    """Covariance of the random effects Psi, in squared coefficient units, rows by ``terms``."""

    terms: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSummary:
    """The optimum and its certificate."""

    loglik: float
    """Restricted log-likelihood (log-likelihood where ``method`` is ML), statsmodels' constant."""
    loglik_ml: float
    aic: float
    bic: float
    """From the ML fit on identical rows; decay counts as a parameter where it was estimated."""
    scale: float
    """Residual variance sigma^2."""
    converged: bool
    certified: bool
    singular: bool
    iterations: int
    kkt: float
    """Largest possible further gain in deviance that the first-order conditions allow."""
    start_gap: float | None
    """Difference in log-likelihood between the two starts."""
    statsmodels_gap: float | None
    """|statsmodels loglike - ours| at the answer; ``None`` where Psi is singular (skipped)."""
    attempts: tuple[Attempt, ...]
    theta: tuple[float, ...]
    """Lower triangle of the Cholesky factor of Psi/sigma^2, column by column (lme4's order)."""
    cov_re: CovRe
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedEffect:
    """One row of the coefficient table."""

    term: str
    estimate: float
    se: float | None
    se_gls: float | None
    df: float | None
    """Satterthwaite degrees of freedom (cluster count - 1 for cluster SE)."""
    statistic: float | None
    p: float | None
    lower: float | None
    upper: float | None
    column_sd: float | None
    """SD of the column over used rows: estimate * column_sd is the effect per standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceRow:
    """Variance and SD of a random effect; ``term == "Residual"`` is sigma. Interval of the SD."""

    term: str
    variance: float
    sd: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRow:
    """Correlation of two random effects."""

    terms: tuple[str, str]
    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RSquared:
    """Johnson (2014) R², and the part of promotion (loss of marginal R² without it)."""

    marginal: float | None
    conditional: float | None
    promotion: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FitQuality:
    """In-sample error and hold-out forecasts against a seasonal-naive forecast, money units."""

    rmse: float | None
    wmape: float | None
    """Sum |error| / sum sales, in sample."""
    holdout_wmape: float | None
    naive_wmape: float | None
    holdout_periods: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Another estimator of the same coefficients on the same rows."""

    fixed: tuple[FixedEffect, ...]
    long_run: float | None
    long_run_se: float | None
    differs: bool | None
    """True where the promotion effect or long run is over 1 SE or 10 % from the chosen model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeTest:
    """Do pharmacies differ in their response? Likelihood ratio against the boundary mixture."""

    statistic: float | None
    p: float | None
    reference: str
    """``mixture-1-2``, ``mixture-0-1`` or ``bootstrap``."""
    replicates: int | None = None
    """Copies without random slopes that the statistic was compared with (``bootstrap`` only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapRow:
    """One estimate and its spread over the bootstrap copies: SE and percentile interval, units of the estimate.

    ``term`` is a fixed effect, a random effect or ``Residual``; ``other`` the second effect of a correlation.
    """

    quantity: Literal["coefficient", "long-run", "decay", "sd", "correlation"]
    term: str
    other: str | None = None
    estimate: float | None
    se: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapSummary:
    """Parametric bootstrap: sales rebuilt through the recursion, everything estimated again."""

    replicates: int
    failed: int
    """Copies without a certified fit; left out, never replaced."""
    not_stationary: int
    """Copies without a long run; left out of the ``long-run`` rows."""
    decay_estimated: bool
    rows: tuple[BootstrapRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayPoint:
    """One point of the profile."""

    decay: float
    loglik_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecaySummary:
    """Estimated carry-over of one channel and the profile it was read from."""

    channel: str
    estimate: float
    lower: float | None
    upper: float | None
    at_edge: bool
    estimated: bool
    profile: tuple[DecayPoint, ...]
    lag_correlation: float | None
    """Correlation of the estimates of decay and of the lag-1 coefficient (the Koyck ridge)."""
    se: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRun:
    """Long-run effect beta / (1 - sum phi) of one more promotion unit kept up for ever."""

    estimate: float | None
    se: float | None
    lower: float | None
    upper: float | None
    stationary: bool
    method: Literal["delta", "fieller", "none"]
    multiplier: float | None
    """Long run over immediate effect, 1 / (1 - sum phi)."""
    half_life: float | None
    """Periods until half of the total effect of one pulse has happened."""
    total_pulse: float | None
    """Total effect of one unit given once (un-normalised weight), beta/((1-d) D) or beta/D."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpulsePoint:
    """Effect of one promotion unit given in period 0, ``horizon`` periods later."""

    horizon: int
    effect: float
    lower: float | None
    upper: float | None
    cumulative: float
    cumulative_lower: float | None
    cumulative_upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalMonth:
    """Sales of the market in one period with and without promotion, money."""

    period: str
    sales: float
    without: float
    without_lower: float | None
    without_upper: float | None
    incremental: float
    pharmacies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """Sales that promotion brought over the used rows, through the recursion, money."""

    total: float | None
    share: float | None
    lower: float | None
    upper: float | None
    share_lower: float | None
    share_upper: float | None
    draws: int
    months: tuple[IncrementalMonth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Change of total sales over the used period had promotion been scaled by 1 + change."""

    change: float
    sales: float
    lower: float | None
    upper: float | None
    share: float | None
    profit: float | None
    profit_lower: float | None
    profit_upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """Return on promotion: (incremental * margin - cost) / cost, and the break-even cost per unit."""

    cost: float
    margin: float
    roi: float | None
    lower: float | None
    upper: float | None
    break_even_cost: float | None
    break_even_lower: float | None
    break_even_upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEffect:
    """What one of several promotion channels does; ``term`` is its row among the fixed effects."""

    channel: str
    term: str
    long_run: LongRun
    impulse: tuple[ImpulsePoint, ...]
    incremental: float | None
    """Money over the used rows that would be missing without this channel alone, through the recursion."""
    lower: float | None
    upper: float | None
    share: float | None
    """Of total sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyRow:
    """One pharmacy: conditional modes, their conditional SE, and what follows from them."""

    pharmacy: str
    rows: int
    sales_mean: float | None
    promotion_mean: float | None
    intercept: float | None
    """Conditional mode of the random intercept, deviation from the market, sales units."""
    intercept_se: float | None
    slope: float | None
    """Conditional mode of the promotion slope, deviation from the market effect."""
    slope_se: float | None
    total_slope: float | None
    """Market effect plus deviation: sales units per promotion unit."""
    lower: float | None
    upper: float | None
    """Interval of ``total_slope``."""
    reliability: float | None
    expected_rank: float | None
    """Of the slope, in percent (0 lowest, 100 highest)."""
    long_run: float | None
    own_intercept: float | None
    own_slope: float | None
    """The pharmacy's own regression on promotion, other coefficients held at the market's."""
    incremental: float | None
    incremental_share: float | None
    cooks_d: float | None
    effect_without: float | None
    """Market promotion effect when this pharmacy is left out (exact refit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One diagnostic: ``id`` names the rule whose words the report prints."""

    id: str
    status: CheckStatus
    value: float | None
    threshold: float | None
    detail: str | None = None
    """A name the sentence needs (a pharmacy, a column), never a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The one-word answer and the codes that led to it."""

    code: VerdictCode
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OlsTerm:
    """One coefficient under ordinary regression and under the mixed model."""

    term: str
    ols: float
    ols_se: float
    mixed: float
    mixed_se: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OlsAssumption:
    """One assumption of ordinary regression on this market's rows."""

    id: Literal["independence", "equal-effects", "constant-variance", "normality"]
    status: CheckStatus
    value: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinaryRegression:
    """What ignoring the pharmacies would have said (pooled OLS, classical SE, plain terms)."""

    terms: tuple[OlsTerm, ...]
    assumptions: tuple[OlsAssumption, ...]
    loglik_ml: float | None
    se_ratio: float | None
    """Mixed-model SE of the promotion effect over the OLS SE."""
    incremental_gap: float | None
    """Money: incremental sales under OLS minus under the mixed model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Promotion effect under another choice; ``id``: ``without-most-influential``, ``month-dummies``."""

    id: str
    estimate: float | None
    lower: float | None
    upper: float | None
    detail: str | None = None


# --- chart data -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeries:
    """Market by calendar period, read rows: one entry per period from first to last."""

    periods: tuple[str, ...]
    sales_total: tuple[float | None, ...]
    sales_median: tuple[float | None, ...]
    sales_q25: tuple[float | None, ...]
    sales_q75: tuple[float | None, ...]
    promotion_mean: tuple[float | None, ...]
    pharmacies: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacySeries:
    """One pharmacy for the small multiples, aligned with ``MonthlySeries.periods``."""

    pharmacy: str
    role: Literal["largest", "smallest", "typical", "odd"]
    sales: tuple[float | None, ...]
    promotion: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Two-dimensional histogram: counts[row][column], rows by y, with a running mean."""

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    smooth_x: tuple[float, ...]
    smooth_y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QQ:
    """Normal quantile plot with a pointwise 95 % band."""

    name: str
    """``residuals`` or the random term."""
    theoretical: tuple[float, ...]
    sample: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autocorrelation:
    """Within-pharmacy residual autocorrelation pooled over pharmacies, by calendar lag."""

    lags: tuple[int, ...]
    values: tuple[float | None, ...]
    bounds: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Plain x-y line."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveCheck:
    """Observed histogram of the response against data simulated from the fitted model."""

    edges: tuple[float, ...]
    observed: tuple[float, ...]
    simulated: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Fitted sales of the market by period, split: sums to ``fitted``, money (level response)."""

    periods: tuple[str, ...]
    baseline: tuple[float, ...]
    persistence: tuple[float, ...]
    promotion: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Summarised data of every chart that is not already a table above."""

    monthly: MonthlySeries | None = None
    multiples: tuple[PharmacySeries, ...] = ()
    residuals: Density | None = None
    qq: tuple[QQ, ...] = ()
    autocorrelation: Autocorrelation | None = None
    scale_location: Curve | None = None
    promotion_range: tuple[float, float] | None = None
    """5 % and 95 % quantile of adstocked promotion, for the pharmacy lines."""
    promotion_center: float | None = None
    market_level: float | None = None
    """Fitted response at ``promotion_center`` for the average pharmacy, response units."""
    predictive: PredictiveCheck | None = None
    contribution: Contribution | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made these numbers. No path, user or host name."""

    package: str
    versions: tuple[tuple[str, str], ...]
    source: str
    """Base name of the input, never its path."""
    data_hash: str
    settings_hash: str
    settings: tuple[tuple[str, str], ...]
    seed: int
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketResults:
    """One market. Fields after ``data`` are ``None`` or empty where nothing was estimated."""

    schema_version: int = SCHEMA_VERSION
    market: str
    status: Status
    reasons: tuple[Reason, ...] = ()
    data: DataSummary
    model: ModelSummary | None = None
    fit: FitSummary | None = None
    fixed: tuple[FixedEffect, ...] = ()
    variances: tuple[VarianceRow, ...] = ()
    correlations: tuple[CorrelationRow, ...] = ()
    icc: float | None = None
    r2: RSquared | None = None
    quality: FitQuality | None = None
    plain: Comparison | None = None
    within: Comparison | None = None
    slope_test: SlopeTest | None = None
    bootstrap: BootstrapSummary | None = None
    decay: DecaySummary | None = None
    """Carry-over of the first promotion channel; further channels in ``more_decays``."""
    more_decays: tuple[DecaySummary, ...] = ()
    long_run: LongRun | None = None
    impulse: tuple[ImpulsePoint, ...] = ()
    incremental: Incremental | None = None
    channels: tuple[ChannelEffect, ...] = ()
    """One per promotion channel where there are several; ``long_run`` and ``impulse`` above are the first one's."""
    what_if: tuple[WhatIf, ...] = ()
    roi: Roi | None = None
    pharmacies: tuple[PharmacyRow, ...] = ()
    checks: tuple[Check, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    ordinary: OrdinaryRegression | None = None
    verdict: Verdict
    charts: Charts = Charts()
    provenance: Provenance


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[MarketResults]:
    from pydantic import TypeAdapter

    return TypeAdapter(MarketResults)


def to_json(results: MarketResults) -> bytes:
    """Serialise to UTF-8 JSON, one line, shortest exact decimal for every float, NaN as null."""
    return _adapter().dump_json(results)


def from_json(text: bytes | str) -> MarketResults:
    """Read what :func:`to_json` wrote.

    Raises
    ------
    InputError
        If the text is not valid results JSON, or was written by a newer schema version.
    """
    import pydantic_core
    from pydantic import ValidationError

    from reportgen.errors import InputError

    try:
        version = pydantic_core.from_json(text).get("schema_version")  # half the time of json.loads
    except (ValueError, AttributeError) as error:
        raise InputError(f"results.json is not readable: {error}.", code="results-unreadable") from None
    if version != SCHEMA_VERSION:
        raise InputError(
            f"results.json has schema_version {version!r}; this program reads {SCHEMA_VERSION}. "
            "Build the market again.",
            code="results-version",
        )
    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"results.json: {where}: {first['msg']}.", code="results-invalid") from None


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of results.json."""
    schema = _adapter().json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "reportgen results", **schema}
