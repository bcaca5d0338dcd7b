"""The one-word answer: every rule that turns numbers into a verdict, in one place (METHODS 9, 13).

Each promotion channel has a verdict; the first line that applies decides its code. "Positive" means that the interval
of the promotion effect lies above zero *and* that of the sales it brought does.

====  =================================================================  ===============  ==============================
line  condition                                                          code             reason
====  =================================================================  ===============  ==============================
1     status ``not-estimable`` or ``not-estimated``                      cannot-tell      the status, and its reasons
2     no promotion effect with an interval                               cannot-tell      no-interval
3     not stationary                                                     unclear          not-stationary
4     a deciding check withholds the verdict (``deciding.TABLE``)        unclear          failed-<check id>
5     interval across zero, effect negligible (below)                    no-effect        effect-too-small-to-matter
6     interval across zero otherwise                                     unclear          interval-includes-zero
7     away from zero, but the interval of the sales brought is not, or   unclear          share-includes-zero,
      (singular) that of the refit without slopes is not                                  refit-includes-zero
8     away from zero, and within-pharmacy effect has the other sign and  unclear          within-disagrees
      its own interval excludes zero on that side
9     below zero                                                         negative         effect-negative
10    above zero, pharmacies differ (slope test p < .05) and the spread  works-unevenly   effect-positive,
      matters (below)                                                                     pharmacies-differ
11    above zero                                                         works            effect-positive
====  =================================================================  ===============  ==============================

The market's verdict is its channel's; with several, ``works`` where one works and none works against, and the share of
sales of all together is above zero (else ``share-includes-zero``), ``unclear`` (``channels-disagree``) where there are
both, ``negative`` and ``no-effect`` where that holds of at least one and of all, else ``unclear``.

Negligible is an equivalence test: the whole interval of the effect of the usual promotion of a promoted row, kept up,
lies within ``NEGLIGIBLE`` of the mean sales of such rows, both ways. The share of all sales would not do: a pilot in
three of forty pharmacies moves it little whatever it does there. Usual units and not one unit, so that counting
promotion in rupees instead of thousands changes nothing.

A singular fit is no doubt about the average: slopes without variance say that pharmacies do not differ (told as
``no-differences-found``). Its effect counts where the refit without random slopes has it on the same side of zero too.

The spread matters where 10 % of the pharmacies have a total effect at or below zero, or where the SD
between pharmacies is half the average effect or more (about one pharmacy in six then responds with less
than half of the average). That SD is sqrt(variance of the totals + mean squared SE of the deviations).
Reasons that never decide but are told: ``long-run-unbounded`` (Fieller's set has no limits),
``pharmacies-differ``, ``no-differences-found``, ``plain-differs``, ``within-differs``, and ``failed-<check id>`` of a
check that decides nothing. 2 % of sales and 10 % of pharmacies are our choice of what matters; they are constants here
and nowhere else.

Rejected: a verdict from p alone, "works" for anything uncertified or not estimable, and "unclear" because pharmacies
are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, pvariance

from reportgen.results import (
    ChannelEffect,
    Check,
    Comparison,
    DataSummary,
    FixedEffect,
    Incremental,
    LongRun,
    ModelSummary,
    PharmacyRow,
    Reason,
    Sensitivity,
    SlopeTest,
    Status,
    Verdict,
    VerdictCode,
    Withheld,
)
from reportgen.results.derived.intervals import which_side

Interval = tuple[float | None, float | None]

NEGLIGIBLE = 0.02
"""Share of the mean sales of a promoted row within which the effect of its usual promotion is called none (line 5)."""
SLOPE_LEVEL = 0.05
NEGATIVE_PHARMACIES = 0.10
SPREAD_OF_EFFECT = 0.5
REASONS = (
    "not-estimable",
    "not-estimated",
    "no-interval",
    "not-stationary",
    "effect-too-small-to-matter",
    "interval-includes-zero",
    "channels-disagree",
    "share-includes-zero",
    "refit-includes-zero",
    "within-disagrees",
    "effect-negative",
    "effect-positive",
    "pharmacies-differ",
    "no-differences-found",
    "long-run-unbounded",
    "plain-differs",
    "within-differs",
)
"""Every reason code besides the codes of ``MarketResults.reasons`` and ``failed-<check id>``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict is made from: pieces of a market's results by their names there, before anything is withheld."""

    status: Status
    reasons: tuple[Reason, ...]
    data: DataSummary
    model: ModelSummary | None
    fixed: tuple[FixedEffect, ...]
    long_run: LongRun | None
    incremental: Incremental | None
    channels: tuple[ChannelEffect, ...]
    slope_test: SlopeTest | None
    pharmacies: tuple[PharmacyRow, ...]
    checks: tuple[Check, ...]
    sensitivity: tuple[Sensitivity, ...]
    plain: Comparison | None
    within: Comparison | None


def judge(results: Evidence, decided: Sequence[Withheld]) -> tuple[Verdict, tuple[ChannelEffect, ...]]:
    """Verdict of the market and its channels with theirs."""
    model = results.model
    if model is None or len(model.promotion_terms) < 2:
        return decide_verdict(
            status=results.status,
            reasons=results.reasons,
            promotion=_row(results.fixed, model.promotion_terms[0] if model is not None else ""),
            long_run=results.long_run,
            brought=_share(results.incremental),
            negligible=_negligible(results, 0, results.long_run),
            slope_test=results.slope_test,
            pharmacies=results.pharmacies,
            decided=decided,
            checks=results.checks,
            plain=results.plain,
            within=results.within,
            refit=_refit(results),
        ), ()
    judged = tuple(
        replace(one, verdict=_channel_verdict(results, k, one, decided)) for k, one in enumerate(results.channels)
    )
    return combine([one.verdict for one in judged if one.verdict is not None], _share(results.incremental)), judged


def decide_verdict(
    *,
    status: Status,
    reasons: Sequence[Reason] = (),
    promotion: FixedEffect | None = None,
    long_run: LongRun | None = None,
    brought: Interval = (None, None),
    negligible: bool = False,
    slope_test: SlopeTest | None = None,
    pharmacies: Sequence[PharmacyRow] = (),
    decided: Sequence[Withheld] = (),
    checks: Sequence[Check] = (),
    plain: Comparison | None = None,
    within: Comparison | None = None,
    refit: Interval | None = None,
) -> Verdict:
    """Apply the table above to the finished pieces of one channel.

    Parameters
    ----------
    promotion
        Row of the promotion channel in the coefficient table.
    brought
        Interval of the sales that the channel brought, money or share.
    negligible
        Whether the effect passes the equivalence test.
    decided
        What the checks withhold.
    plain, within
        Other estimators of the same coefficients; rows are matched by term.
    refit
        Interval of the promotion effect without random slopes, where the fit is singular.

    Returns
    -------
    Verdict
        Code, and the reasons: the deciding one first.
    """
    if status in {"not-estimable", "not-estimated"}:
        return Verdict(code="cannot-tell", reasons=_unique([status, *(reason.code for reason in reasons)]))
    told = _told(long_run, checks, plain, within)
    if promotion is None or promotion.lower is None or promotion.upper is None:
        return Verdict(code="cannot-tell", reasons=_unique(["no-interval", *told]))
    side = which_side(promotion.lower, promotion.upper)
    why = [] if long_run is None or long_run.stationary else ["not-stationary"]
    why += [f"failed-{one.check}" for one in decided if one.quantity == "works"]
    differ = _differ(slope_test)
    uneven = differ is True and _spread_matters(pharmacies)
    code: VerdictCode = "unclear"
    if side == 0:
        # Equivalence is a finding; it needs everything that "works" needs.
        if negligible and not why:
            code, why = "no-effect", ["effect-too-small-to-matter"]
        else:
            why = [*why, "interval-includes-zero"]
    else:
        why += _doubts(side, promotion, brought, within, refit)
        if not why and side < 0:
            code, why = "negative", ["effect-negative"]
        elif not why:
            code, why = ("works-unevenly" if uneven else "works"), ["effect-positive"]
    if uneven:
        why.append("pharmacies-differ")
    elif differ is False:
        why.append("no-differences-found")
    return Verdict(code=code, reasons=_unique([*why, *told]))


def combine(channels: Sequence[Verdict], share: Interval) -> Verdict:
    """The market's verdict from those of its channels and the interval of the share of sales of all together."""
    codes = {one.code for one in channels}
    works = codes & {"works", "works-unevenly"}
    code: VerdictCode = "unclear"
    why: list[str] = []
    if works and "negative" in codes:
        why = ["channels-disagree"]
    # Channels may share what both seem to bring: the sum of all of them has to be above zero as well.
    elif works and None not in share and which_side(*share) < 1:
        why = ["share-includes-zero"]
    elif works:
        code = "works-unevenly" if "works" not in codes else "works"
    elif "negative" in codes:
        code = "negative"
    elif len(codes) == 1:
        (code,) = codes
    same = [reason for one in channels if one.code == code for reason in one.reasons]
    rest = [reason for one in channels if one.code != code for reason in one.reasons if reason.startswith("failed-")]
    return Verdict(code=code, reasons=_unique([*why, *same, *rest]))


def is_negligible(lower: float | None, upper: float | None, units: float | None, sales: float | None) -> bool:
    """Equivalence test of the effect per unit kept up, in money: usual ``units`` and mean ``sales`` of a promoted row.

    With a log response the effect is a share already: pass 1 for ``sales``.
    """
    if lower is None or upper is None or not units or not sales or sales <= 0.0:
        return False
    # Both limits inside the margin: two one-sided tests (Schuirmann 1987), at half the interval's error each.
    return max(abs(lower), abs(upper)) * units <= NEGLIGIBLE * sales


def _negligible(results: Evidence, channel: int, final: LongRun | None) -> bool:
    data, model = results.data, results.model
    if final is None or model is None or channel >= len(data.promotion_usual):
        return False
    sales = 1.0 if model.response == "log" else data.sales_promoted[channel]
    usual = data.promotion_usual[channel]
    return is_negligible(final.lower, final.upper, usual, sales)


def _channel_verdict(results: Evidence, k: int, one: ChannelEffect, decided: Sequence[Withheld]) -> Verdict:
    own = [check for check in results.checks if check.channel in (None, one.channel)]
    first = k == 0
    return decide_verdict(
        status=results.status,
        reasons=results.reasons,
        promotion=_row(results.fixed, one.term),
        long_run=one.long_run,
        brought=(one.lower, one.upper),
        negligible=_negligible(results, k, one.long_run),
        slope_test=results.slope_test if first else None,
        pharmacies=results.pharmacies if first else (),
        decided=[gone for gone in decided if gone.channel in (None, one.channel)],
        checks=own,
        plain=results.plain if first else None,
        within=results.within,
        refit=_refit(results) if first else None,
    )


def _share(found: Incremental | None) -> Interval:
    return (None, None) if found is None else (found.share_lower, found.share_upper)


def _refit(results: Evidence) -> Interval | None:
    return next(((one.lower, one.upper) for one in results.sensitivity if one.id == "one-effect"), None)


def _row(rows: Sequence[FixedEffect], term: str) -> FixedEffect | None:
    return next((row for row in rows if row.term == term), None)


def _doubts(
    side: int, promotion: FixedEffect, brought: Interval, within: Comparison | None, refit: Interval | None
) -> list[str]:
    """Lines 7 and 8: why an effect away from zero is still not called one."""
    found = []
    if None not in brought and which_side(*brought) != side:
        found.append("share-includes-zero")
    if refit is not None and which_side(*refit) != side:
        found.append("refit-includes-zero")
    other = _row(within.fixed, promotion.term) if within is not None else None
    if other is not None and side * which_side(other.lower, other.upper) < 0:
        found.append("within-disagrees")
    return found


def _differ(test: SlopeTest | None) -> bool | None:
    """Whether pharmacies are found to differ; None where that was not tested."""
    return None if test is None or test.p is None else test.p < SLOPE_LEVEL


def _spread_matters(pharmacies: Sequence[PharmacyRow]) -> bool:
    """Return whether the total effects reach zero often, or vary by half of their mean."""
    totals = [row.total_slope for row in pharmacies if row.total_slope is not None]
    if len(totals) < 2:
        return False
    mean = fmean(totals)
    if sum(total <= 0 for total in totals) >= NEGATIVE_PHARMACIES * len(totals):
        return True
    # Shrunken totals vary less than the pharmacies do: what shrinking took is, on average, their conditional variance.
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
