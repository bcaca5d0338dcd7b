"""The one-word answer: every rule that turns numbers into a verdict, in one place (METHODS 9).

The first line that applies decides the code. "Positive" means that the interval of the promotion
effect lies above zero; with several channels, that one channel's does and none lies below, *and* that the
incremental share of sales (all channels together) lies above zero.

====  =================================================================  ===============  ==============================
line  condition                                                          code             reason
====  =================================================================  ===============  ==============================
1     status ``not-estimable`` or ``not-estimated``                      cannot-tell      the status, and its reasons
2     no promotion effect with an interval                               cannot-tell      no-interval
3     not stationary                                                     unclear          not-stationary
4     interval(s) across zero, incremental share within +-2 %            no-effect        effect-too-small-to-matter
5     interval(s) across zero otherwise                                  unclear          interval-includes-zero
6     channels on both sides of zero                                     unclear          channels-disagree
7     interval away from zero, but share's interval is not               unclear          share-includes-zero
8     away from zero, and singular                                       unclear          singular
9     away from zero, and a deciding check fails (below)                 unclear          failed-<check id>
10    away from zero, within-pharmacy effect has the other sign and      unclear          within-disagrees
      its own interval excludes zero on that side
11    below zero                                                         negative         effect-negative
12    above zero, pharmacies differ (slope test p < .05) and the spread  works-unevenly   effect-positive,
      matters (below)                                                                     pharmacies-differ
13    above zero                                                         works            effect-positive
====  =================================================================  ===============  ==============================

Deciding checks: ``convergence``, ``stationarity``, ``lead-placebo``, ``correction-gap``,
``verdict-without-most-influential``, ``influence``: each questions the sign or size of the effect itself.
Another check can fail without changing the verdict; it is then a reason (``failed-...``) beside it.

The spread matters where 10 % of the pharmacies have a total effect at or below zero, or where the SD
between pharmacies is half the average effect or more (about one pharmacy in six then responds with less
than half of the average). That SD is sqrt(variance of the totals + mean squared SE of the deviations).
Reasons that never decide but are told: ``long-run-unbounded`` (Fieller's set has no limits),
``pharmacies-differ``, ``plain-differs``, ``within-differs``. 2 % of sales and 10 % of pharmacies are our
choice of what matters; they are constants here and nowhere else.

Rejected: a verdict from p alone, and "works" for anything singular, uncertified or not estimable.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, pvariance

from reportgen.results import (
    Check,
    Comparison,
    FixedEffect,
    Incremental,
    LongRun,
    PharmacyRow,
    Reason,
    SlopeTest,
    Status,
    Verdict,
    VerdictCode,
)

SMALL_SHARE = 0.02
"""Share of sales within which an effect is called none (line 4)."""
SLOPE_LEVEL = 0.05
NEGATIVE_PHARMACIES = 0.10
SPREAD_OF_EFFECT = 0.5
DECIDING_CHECKS = (
    "convergence",
    "stationarity",
    "lead-placebo",
    "correction-gap",
    "verdict-without-most-influential",
    "influence",
)
REASONS = (
    "not-estimable",
    "not-estimated",
    "no-interval",
    "not-stationary",
    "effect-too-small-to-matter",
    "interval-includes-zero",
    "channels-disagree",
    "share-includes-zero",
    "singular",
    "within-disagrees",
    "effect-negative",
    "effect-positive",
    "pharmacies-differ",
    "long-run-unbounded",
    "plain-differs",
    "within-differs",
)
"""Every reason code besides the codes of ``MarketResults.reasons`` and ``failed-<check id>``."""


def decide_verdict(
    *,
    status: Status,
    reasons: Sequence[Reason] = (),
    promotion: Sequence[FixedEffect] = (),
    long_run: LongRun | None = None,
    incremental: Incremental | None = None,
    slope_test: SlopeTest | None = None,
    pharmacies: Sequence[PharmacyRow] = (),
    checks: Sequence[Check] = (),
    plain: Comparison | None = None,
    within: Comparison | None = None,
) -> Verdict:
    """Apply the table above to the finished pieces of one market.

    Parameters
    ----------
    promotion
        Rows of the promotion channels in the coefficient table.
    plain, within
        Other estimators of the same coefficients; rows are matched by term.

    Returns
    -------
    Verdict
        Code, and the reasons: the deciding one first.
    """
    if status in {"not-estimable", "not-estimated"}:
        return Verdict(code="cannot-tell", reasons=_unique([status, *(reason.code for reason in reasons)]))
    sides = [_side(row.lower, row.upper) for row in promotion]
    if not sides or any(row.lower is None or row.upper is None for row in promotion):
        return Verdict(code="cannot-tell", reasons=_unique(["no-interval", *_told(long_run, checks, plain, within)]))
    told = _told(long_run, checks, plain, within)
    uneven = _differ(slope_test) and _spread_matters(pharmacies)
    code: VerdictCode = "unclear"
    if long_run is not None and not long_run.stationary:
        why = ["not-stationary"]
    elif not any(sides):
        code, why = _about_zero(incremental)
    else:
        why = _doubts(status, sides, promotion, incremental, checks, within)
        if not why and max(sides) < 1:
            code, why = "negative", ["effect-negative"]
        elif not why:
            code, why = ("works-unevenly" if uneven else "works"), ["effect-positive"]
    if status == "singular":
        why.append("singular")
    if uneven:
        why.append("pharmacies-differ")
    return Verdict(code=code, reasons=_unique([*why, *told]))


def _side(lower: float | None, upper: float | None) -> int:
    """+1 above zero, -1 below, 0 across or unknown."""
    if lower is None or upper is None:
        return 0
    return 1 if lower > 0 else -1 if upper < 0 else 0


def _about_zero(incremental: Incremental | None) -> tuple[VerdictCode, list[str]]:
    if (
        incremental is not None
        and incremental.share_lower is not None
        and incremental.share_upper is not None
        and max(abs(incremental.share_lower), abs(incremental.share_upper)) <= SMALL_SHARE
    ):
        return "no-effect", ["effect-too-small-to-matter"]
    return "unclear", ["interval-includes-zero"]


def _doubts(
    status: Status,
    sides: Sequence[int],
    promotion: Sequence[FixedEffect],
    incremental: Incremental | None,
    checks: Sequence[Check],
    within: Comparison | None,
) -> list[str]:
    """Lines 6 to 10: why an effect away from zero is still not called one."""
    found = []
    if 1 in sides and -1 in sides:
        found.append("channels-disagree")
    side = 1 if 1 in sides else -1
    if incremental is not None and incremental.share_lower is not None:
        if _side(incremental.share_lower, incremental.share_upper) != side:
            found.append("share-includes-zero")
    elif len(sides) > 1:
        found.append("share-includes-zero")
    if status == "singular":
        found.append("singular")
    found += [f"failed-{check.id}" for check in checks if check.status == "fail" and check.id in DECIDING_CHECKS]
    if within is not None and _reversed(promotion, sides, within):
        found.append("within-disagrees")
    return found


def _reversed(promotion: Sequence[FixedEffect], sides: Sequence[int], within: Comparison) -> bool:
    other = {row.term: _side(row.lower, row.upper) for row in within.fixed}
    return any(side * other.get(row.term, 0) < 0 for row, side in zip(promotion, sides, strict=True))


def _differ(test: SlopeTest | None) -> bool:
    return test is not None and test.p is not None and test.p < SLOPE_LEVEL


def _spread_matters(pharmacies: Sequence[PharmacyRow]) -> bool:
    """Return whether the total effects reach zero often, or vary by half of their mean."""
    totals = [row.total_slope for row in pharmacies if row.total_slope is not None]
    if len(totals) < 2:
        return False
    mean = fmean(totals)
    if sum(total <= 0 for total in totals) >= NEGATIVE_PHARMACIES * len(totals):
        return True
    noise = [row.slope_se**2 for row in pharmacies if row.total_slope is not None and row.slope_se is not None]
    spread = sqrt(pvariance(totals) + (fmean(noise) if noise else 0.0))
    return spread >= SPREAD_OF_EFFECT * abs(mean)


def _told(
    long_run: LongRun | None, checks: Sequence[Check], plain: Comparison | None, within: Comparison | None
) -> list[str]:
    """Reasons that stand beside the verdict."""
    found = []
    if long_run is not None and long_run.method == "fieller" and long_run.lower is None:
        found.append("long-run-unbounded")
    found += [
        f"{name}-differs" for name, one in (("plain", plain), ("within", within)) if one is not None and one.differs
    ]
    return found + [f"failed-{check.id}" for check in checks if check.status == "fail"]


def _unique(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
