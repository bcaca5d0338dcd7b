"""Checks whose value is already estimated elsewhere: each turns finished numbers into a ``Check``.

Rules and sources are in ``checks.py``; the docstring of each function says how its value is made. No
function here estimates anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.effects.responses import critical_value, spectral_radius
from reportgen.results import Check, CheckStatus

Array = NDArray[np.float64]

SMALL_LEAD = 0.10
LARGE_LEAD = 0.50
"""Lead effects, as shares of the promotion effect, below which "review" and "fail" are not given."""


def check_lead_placebo(
    lead: float | None, se: float | None, effect: float, *, df: float | None = None, detail: str | None = None
) -> Check:
    """|t| of next period's promotion, which cannot have an effect yet.

    Against the 95 % point of t (fail: 99.9 %), each raised to the |t| of a lead of 10 % (50 %) of ``effect``.
    """
    if lead is None or se is None or not se > 0:
        return grade("lead-placebo", None, detail=detail)
    review = max(critical_value(0.95, df), SMALL_LEAD * abs(effect) / se)
    fail = max(critical_value(0.999, df), LARGE_LEAD * abs(effect) / se)
    return grade("lead-placebo", abs(lead) / se, review=review, fail=fail, detail=detail)


def _distances(effect: float, se: float | None, other: float | None) -> tuple[float, float] | None:
    """Gap of another estimate in SEs and in tenths of the effect; None where either is unknown."""
    if other is None or se is None or not se > 0 or effect == 0:
        return None
    gap = abs(other - effect)
    return gap / se, gap / (0.10 * abs(effect))


def differs(effect: float, se: float | None, other: float | None) -> bool | None:
    """Return whether another estimate is over 1 SE or 10 % away (METHODS 4); None where that is unknown."""
    gaps = _distances(effect, se, other)
    return None if gaps is None else max(gaps) > 1.0


def check_correction_gap(effect: float, se: float | None, plain: float | None, within: float | None) -> Check:
    """Largest gap of the plain and the within-pharmacy estimate from the chosen one.

    The value is the larger of gap/SE and gap/(10 % of the effect), so above 1 means "over 1 SE or 10 %".
    "fail" only where the other estimate has the opposite sign and is over 2 SE away. ``detail`` names it.
    """
    found = [
        (max(gaps), name, other * effect < 0 and gaps[0] > 2.0)
        for name, other in (("plain", plain), ("within", within))
        if other is not None and (gaps := _distances(effect, se, other)) is not None
    ]
    if not found:
        return grade("correction-gap", None)
    reversed_ones = [one for one in found if one[2]]
    value, name, opposite = max(reversed_ones or found)
    return grade("correction-gap", value, fail=1.0 if opposite else None, detail=name)


def check_seasonality(effect: float, se: float | None, with_months: float | None) -> Check:
    """Change of the effect in SE when month dummies are added; above 1 with the opposite sign it fails."""
    gaps = _distances(effect, se, with_months)
    if gaps is None or with_months is None:
        return grade("seasonality", None)
    return grade("seasonality", gaps[0], fail=1.0 if with_months * effect < 0 else None)


def check_influence(effect: float, se: float | None, without: ArrayLike, names: Sequence[str]) -> Check:
    """Largest |effect without a pharmacy - effect| / SE over exact refits ``without`` (G,), NaN where failed."""
    refits = np.asarray(without, dtype=np.float64)
    if se is None or not se > 0 or not np.any(np.isfinite(refits)):
        return grade("influence", None)
    change = np.where(np.isfinite(refits), np.abs(refits - effect) / se, -1.0)
    worst = int(np.argmax(change))
    return grade("influence", float(change[worst]), detail=names[worst])


def _side(lower: float | None, upper: float | None) -> int:
    if lower is None or upper is None:
        return 0
    return 1 if lower > 0 else -1 if upper < 0 else 0


def check_verdict_without(
    interval: tuple[float | None, float | None], without: tuple[float | None, float | None] | None, pharmacy: str
) -> Check:
    """Does the side of zero change when the most influential pharmacy is left out?

    Value 0: the interval of the promotion effect says the same (above, below or across zero); 1: it says
    something clear with the pharmacy and not without it, or the other way round; 2: it is reversed.
    """
    if without is None or without[0] is None:
        return grade("verdict-without-most-influential", None, detail=pharmacy)
    return grade("verdict-without-most-influential", float(abs(_side(*interval) - _side(*without))), detail=pharmacy)


def check_holdout(model: float | None, naive: float | None) -> Check:
    """Hold-out error (wMAPE) over that of the seasonal-naive forecast of the same cells."""
    ratio = model / naive if model is not None and naive is not None and naive > 0 else None
    return grade("holdout", ratio)


def check_stationarity(phi: ArrayLike, lags: Sequence[int]) -> Check:
    """Largest root of the lag recursion, against .95; at 1 or above there is no long run, so it fails."""
    radius = float(spectral_radius(phi, lags))
    return grade("stationarity", radius, fail=float(np.nextafter(1.0, 0.0)))


def check_decay_edge(
    estimate: float | None, *, at_edge: bool, lower: float | None, upper: float | None, edges: tuple[float, float],
    detail: str | None = None,
) -> Check:  # fmt: skip
    """Is the decay found inside the grid (``edges``), and does its interval exclude some decay?

    Value: the estimate. "review" where the optimum is at the upper edge, or the interval reaches from the
    lower edge to the upper one, so the data say nothing about carry-over. Not run for a fixed decay.
    """
    if estimate is None:
        return grade("decay-edge", None, review=edges[1], detail=detail)
    low, high = (edges[0] if lower is None else lower), (edges[1] if upper is None else upper)
    if at_edge or (low <= edges[0] and high >= edges[1]):
        return Check(id="decay-edge", status="review", value=estimate, threshold=edges[1], detail=detail)
    return Check(id="decay-edge", status="pass", value=estimate, threshold=edges[1], detail=detail)


def check_convergence(kkt: float | None, *, certified: bool, singular: bool, tolerance: float | None = None) -> Check:
    """First-order gap of the optimum: "fail" without a certificate, "review" where the fit is singular."""
    threshold = RULES["convergence"].review if tolerance is None else tolerance
    value = kkt if kkt is not None and np.isfinite(kkt) else None
    status: CheckStatus = "fail" if not certified else "review" if singular else "pass"
    return Check(id="convergence", status=status, value=value, threshold=threshold)
