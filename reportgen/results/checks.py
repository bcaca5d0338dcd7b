"""What speaks for and against the estimate: checks, other choices, ordinary regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckStatus = Literal["pass", "review", "fail", "not-run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One diagnostic: ``id`` names the rule whose words the report prints."""

    id: str
    status: CheckStatus
    value: float | None
    threshold: float | None
    detail: str | None = None
    """A name the sentence needs (a pharmacy, a column), never a sentence."""
    channel: str | None = None
    """The promotion channel the check is about; ``None``: the whole market."""
    near_limit: bool = False
    """Within a tenth of the limit at which the next worse status begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OlsTerm:
    """One coefficient under ordinary regression and under the mixed model."""

    term: str
    ols: float
    ols_se: float
    mixed: float
    mixed_se: float | None

    @property
    def width(self) -> float | None:
        """Interval of ordinary regression over the mixed model's, in width."""
        return self.ols_se / self.mixed_se if self.mixed_se else None


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
    """Promotion effect under another choice.

    ``id``: ``without-most-influential``, ``month-dummies``; where the fit is singular ``one-effect``, the refit without
    random slopes.
    """

    id: str
    estimate: float | None
    lower: float | None
    upper: float | None
    detail: str | None = None
