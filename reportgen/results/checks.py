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


RehearsalKind = Literal["as-fitted", "growth", "season", "saturation", "drift", "slips", "late-booking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRow:
    """Panels of one kind, counted. A panel's interval is that of the market's level, ``model.confidence``."""

    kind: RehearsalKind
    """``as-fitted``: as the model has it. The others differ from it in one way: sales grow by 10 % of their mean a
    year; a season of 15 % of it; the response flattens (Hill, half of all is had at usual promotion); the effect grows
    from 0.4 to 1.6 times its size; 0.3 % of sales are ten times too large; 30 % of promotion is recorded a period late.
    """
    panels: int
    kept_held: int
    """Panels whose interval of one unit kept up holds the truth."""
    kept_noticed: int
    """Of those that do not: in which a check that withholds it fired."""
    kept_withheld: int
    """Panels in which such a check fired, rightly or not."""
    total_panels: int
    """Panels whose total was counted, all or none: totals are rehearsed for one channel and sales in money."""
    total_held: int
    """The same of what promotion brought in the whole record."""
    total_noticed: int
    total_withheld: int
    fired: tuple[int, ...]
    """Panels in which each of ``checks`` fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Panels drawn from the market's own promotion and fit, with known effect, and estimated again."""

    panels: int
    checks: tuple[str, ...]
    """Checks that were asked."""
    rows: tuple[RehearsalRow, ...]
    reason: Literal["unclear-effect", "no-draws"] | None = None
    """Why there are no rows: effect or carry-over are too uncertain for the quick estimate to be right about its own
    uncertainty, or the fit is none to draw from."""
