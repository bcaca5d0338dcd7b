"""What was fitted, how well, and what it says of its coefficients and variances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

TimeKind = Literal["periods", "territory-periods", "season+trend", "season", "trend", "none"]
"""Effects of periods; of the periods of each territory; a yearly wave and a straight line; its parts; nothing (the seed
model)."""
TermRole = Literal[
    "intercept",
    "promotion",
    "lag",
    "control",
    "initial-sales",
    "mean-promotion",
    "initial-promotion",
    "presample-promotion",
    "period",
    "season",
    "trend",
    "initial-trend",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTerm:
    """What one column of the model is; nothing is read back out of its name.

    ``channel`` is the position of its promotion channel, ``lag`` the periods it looks back, ``label`` the part of
    ``term`` that names a column of the table ("" where there is none).
    """

    term: str
    role: TermRole
    channel: int | None = None
    lag: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEffect:
    """What a period added to the response of every pharmacy, beside the mean over periods; response units."""

    period: str
    estimate: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSummary:
    """What happens to all pharmacies at once, as the model has it, and why in this form."""

    kind: TimeKind
    reason: Literal["set", "varies-within-periods", "varies-within-territories", "common-campaigns", "too-few-rows"]
    """``set``: by the setting. Else what ``auto`` found: promotion differs enough between pharmacies within periods;
    within the periods of a territory; it does not; or there are too few rows for an effect of every period."""
    share_left: float | None
    """Share of the variance of adstock within pharmacies that is left after period effects; smallest of the channels.
    """
    least_share: float
    """What ``auto`` asks of ``share_left``."""
    shares: tuple[float | None, ...]
    """The same per channel."""
    count: int
    """Effects of periods in the model beside the intercept, 0 with another kind."""
    harmonics: int
    """Waves a year in the season, 0 without."""
    absorbed: tuple[str, ...]
    """Controls that are the same for all pharmacies in every period: the effects of periods contain them."""
    pharmacy_trend: bool
    """Whether each pharmacy has a trend of its own (a random effect)."""
    pharmacy_trend_reason: Literal["set", "likelihood-asks", "likelihood-does-not-ask", "too-few-periods"]
    pharmacy_trend_p: float | None
    """Likelihood ratio of the pharmacies' own trends, against a mixture of chi-squares; where it was tested."""
    effects: tuple[TimeEffect, ...] = ()
    """By calendar period, for the chart; empty without time in the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritorySummary:
    """Territories (``panel.territory``), and how the model has them."""

    count: int
    """Territories with used rows."""
    smallest: int
    largest: int
    """Pharmacies of the smallest and of the largest territory."""
    errors: Literal["periods", "clustered"]
    """``periods``: every period of every territory has an effect, and pharmacies within them are compared;
    ``clustered``: what happens to a territory is part of the error, and standard errors are clustered by territory
    (CR2: Bell and McCaffrey 2002)."""
    reason: Literal["set", "varies-within-territories", "decided-for-territories", "too-many-effects", "too-few-rows"]
    """Why in this form: by the setting; promotion differs enough within territories, or does not; or their periods are
    more than the model, or the rows, can carry."""
    share_within: float | None
    """Share of the variance of adstock within pharmacies that effects of a territory's periods leave; smallest of the
    channels."""
    least_share: float
    """What ``auto`` asks of ``share_within``."""
    independent: int
    """Independent units: territories where errors are clustered by them, else pharmacies."""
    df: float | None
    """Degrees of freedom of the promotion coefficient (first channel)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChoice:
    """What the markets of a run chose together for a setting that is ``auto``, and what they chose it from.

    ``gains``: 2 (l_rival - l_begun), summed over the markets; of lags less BIC's price of each further one.
    """

    setting: Literal["response", "lags"]
    chosen: str
    begun: str
    """What every rival is compared with."""
    rivals: tuple[str, ...]
    gains: tuple[float, ...]
    markets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """What was fitted."""

    formula: str
    random_formula: str
    groups: str
    method: Literal["REML", "ML"]
    response: Literal["level", "relative", "log"]
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
    terms: tuple[ModelTerm, ...] = ()
    """Role of every row of ``fixed``, and of a random effect that is none of them."""
    rung: Literal["correlated", "uncorrelated", "intercept", "pooled"]
    choices: tuple[SettingChoice, ...] = ()
    """Settings that the markets of the run decided."""
    typed: tuple[str, str] | None = None
    """``model.formula`` and ``model.re_formula`` as set, where one of them is."""
    standard_error: Literal["full-information", "gls", "cluster", "territory"]
    """``cluster``: by pharmacy (pooled model); ``territory``: by territory, CR2."""


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
    statsmodels_gap: float | None
    """|statsmodels loglike - ours| at the answer; ``None`` where Psi is singular (skipped)."""
    attempts: tuple[Attempt, ...]
    theta: tuple[float, ...]
    """Lower triangle of the Cholesky factor of Psi/sigma^2, column by column (lme4's order)."""
    cov_re: CovRe
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodOptimum:
    """One of several optima of the likelihood, at the same decays; listed only where there is more than one."""

    loglik: float
    gap: float
    """Log-likelihood below the best optimum's; 0 for the best, which is the fit."""
    promotion: tuple[float, ...]
    """Coefficient of every promotion channel."""
    kept_up: tuple[float | None, ...]
    """The same divided by 1 - persistence; ``None`` where sales would not settle."""
    persistence: float
    """Sum of the coefficients of lagged sales."""
    sd: tuple[float, ...]
    """Standard deviation of every random effect."""


_IN_UNITS = ("estimate", "se", "se_gls", "lower", "upper")
"""Fields of a coefficient that scale with the unit of its column."""


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

    def per_sd(self) -> FixedEffect | None:
        """The same for one standard deviation of the column; ``None`` where the column does not vary."""
        if not self.column_sd:
            return None
        scaled = {name: value * self.column_sd for name in _IN_UNITS if (value := getattr(self, name)) is not None}
        return replace(self, **scaled)


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
