"""The rule of every diagnostic check: its threshold, and where the threshold comes from.

A check compares one value with one threshold; ``Check.threshold`` is where the status leaves
"pass". Thresholds are about sizes that matter, not about p: at tens of thousands of rows every
model is rejected. Where few data make a harmless size likely by chance, the threshold is raised to
what chance explains (the function that computes the check says how), so value and threshold always
tell the whole story.

=================================  ======  =====  ======================================================
id                                 review  fail   value; source
=================================  ======  =====  ======================================================
residual-normality                 < .98   < .95  QQ correlation (Filliben 1975; Ryan and Joiner 1976 for
random-effect-normality            < .98   < .95  small n). .98: t with 5 df, .95: t with 3-4 df, by
                                                  simulation; fixed effects stand such tails (Schielzeth
                                                  et al. 2020, Methods Ecol. Evol. 11)
linearity                          > .02   > .13  share of residual variance that fitted² explains
                                                  (RESET, Ramsey 1969); small and medium R² (Cohen 1988)
scale-location                     > 2     > 4    largest over smallest residual SD in fifths of fitted
                                                  (SD ratio 2: Moore and McCabe); 4: own choice
autocorrelation                    > .10   > .30  largest |r| at lags 1-12; with regressors of
                                                  autocorrelation .8, SE are 8 % and 28 % too small
arellano-bond-m2                   > 1.96  > 3.29 |m2| (Arellano and Bond 1991); both at least the m2 of
                                                  a correlation .05, .10, which AR(1) errors of .1, .3 give
outliers                           > .5 %  > 2 %  share of rows beyond 3.5 robust SD (Iglewicz and
                                                  Hoaglin 1993; 0.05 % if normal); shares: own choice
collinearity                       > 5     > 10   largest VIF of promotion and lags, within
                                                  pharmacies (Marquardt 1970; O'Brien 2007 for caution)
adstock-lag-correlation            > .7    > .95  within-pharmacy |r| (Dormann et al. 2013); .95 is VIF 10
lead-placebo                       > t95   > t999 |t| of next period's promotion; both at least the |t| of
                                                  10 % of the promotion effect
carry-over-shape                   > t95   > t98  |t| of the period's own promotion beside the adstock, the
                                                  decay free; fail at least the |t| of half the first month
seasonality                        > 1     > 3    change of the effect by month dummies, in SE (METHODS 4's
                                                  size); fail also where the sign changes
correction-gap                     > 1     --     gap of plain or within estimate, in the larger of SEs
                                                  and tenths of the effect (METHODS 4); fail: other sign
targeting                          > .3    > .5   |r| of mean promotion and baseline over pharmacies
                                                  (Cohen 1988); with the correction: review > .5, no fail
influence                          > .5    > 1    largest change of the effect in SE when a pharmacy is
                                                  left out (1: Belsley, Kuh and Welsch 1980; .5: half)
verdict-without-most-influential   > 0     > 1    0 same answer, 1 gained or lost, 2 reversed
predictive                         > .05   > .15  share of rows in the wrong place of the histogram
                                                  (Gelman, Meng and Stern 1996); shares: own choice
holdout                            > 1     > 1.25 error over that of a seasonal-naive forecast (Hyndman
                                                  and Koehler 2006); 1.25: own choice
stationarity                       > .95   >= 1   largest root of the lag recursion; .95: half-life over
                                                  13 periods
decay-edge                         --      --     fail: optimum at the upper edge of the grid; review: its
                                                  interval reaches it
long-memory                        > 1/4   > 1/3  half-life of a pulse over the length of the record: its
                                                  end is not seen in the data; own choice
totals-in-range                    > .9    > 1    largest share of sales in the interval of what promotion
                                                  brought; fail also where it leaves the estimate out
convergence                        --      --     fail: not certified; review: singular
second-optimum                     < 2     --     log-likelihood between the best and the next optimum; fail
                                                  where the effect there is over 1 SE away
common-campaigns                   < .2    --     share of adstock's variance within pharmacies left after
                                                  period effects (METHODS 11); fail: not in the model
time-effects                       > 1     > 2    change of the effect kept up by effects of periods, in SE
                                                  (METHODS 4's size; 2: beyond its interval)
pharmacy-trend                     < .05   < .001 p of trends of the pharmacies' own, where the model has
                                                  none; .001 is what ``pharmacy_trend = "auto"`` asks
drift                              > t95   > t999 |t| of a change of the effect along the record; both at
                                                  least the |t| of a quarter, a half of the effect
saturation                         > t95   > t99  one-sided t of a response that flattens (log beside the
                                                  line, within pharmacies); |t| beside a curve
scale                              > 2     > 6    gain in deviance of sales in proportion (or in money) on
                                                  the same rows; odds of 3 and 20 (Kass and Raftery 1995)
effect-by-size                     > z95   > z99  |z| by likelihood ratio of promotion times the logarithm
                                                  of a pharmacy's size; on the relative scale only
lags                               > 0     > 6    gain in BIC of the best longer set of lags on the same
                                                  rows (Schwarz 1978; Kass and Raftery 1995)
memory                             > z95   > z999 |z| of one more lag by likelihood ratio: errors with
                                                  memory and carry-over are near substitutes
entry-slips                        > 0     --     share of records ten or a hundred times a pharmacy's
                                                  own level: 0.3 % of them move the total by a quarter
zero-months                        > 0     > .5 % share of records that are zero where a pharmacy
                                                  otherwise always sells
many-zeros                         > .25   > .5   share of known sales that are zero: beyond a half the usual
                                                  month sells nothing (counts: Cameron and Trivedi 2013)
level-shifts                       > .5    > 1    change of the effect in SE when steps in single
                                                  pharmacies' levels are taken out; as influence
yearly-levels                      > .5    > 1    the same when pharmacies have a level in every year
promotion-follows-levels           > .25   > .5   the same beside the mean promotion of the half-years before
                                                  and after, where that mean goes with sales (t97.5)
elasticity                         > .65   > 1    percent of sales per percent of promotion, kept up; .65
                                                  is twice the largest of the published means, 0.245
                                                  (Albers, Mantrala and Sridhar 2010) and 0.326 (Kremer et
                                                  al. 2008); above 1 sales without promotion are negative
few-territories                    < 4     < 2    degrees of freedom of promotion where errors are clustered;
                                                  below 4 p-values are rough (Pustejovsky and Tipton 2018),
                                                  below 2 an SE has hardly been seen twice
unnamed-territories                > .05   > .2   share of the residual variance that pharmacies of one value
                                                  of a column called like a territory share in a period, as
                                                  design effects of 1.5 and 3 at ten a territory (Moulton
                                                  1990); both at least what chance gives (F95, F999)
balance                            > 2.24  > 3.29 |t| of sales or growth before an experiment in what was
                                                  assigned (two looks, Bonferroni)
treated-time                       < 6     < 6    periods since an assignment at random began; in fewer
                                                  persistence passes for carry-over (``model.assigned``)
calibration-gap                    > z95   > z999 |z| of an experiment less the market's estimate, where
                                                  reportgen.toml has one (``[[calibration]]``)
=================================  ======  =====  ======================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from reportgen.results import Check, CheckStatus


class Rule(NamedTuple):
    """Where a check leaves "pass" (``review``) and where it becomes "fail"."""

    review: float
    fail: float | None = None
    worse: int = 1
    """+1: large values are bad, -1: small ones."""
    coded: bool = False
    """The value is a code, not a measure: nothing is near its limit."""


NEAR = 0.9
"""Share of a limit from which a value counts as near it."""


RULES: dict[str, Rule] = {
    "convergence": Rule(1e-6),
    "second-optimum": Rule(2.0, None, -1),
    "residual-normality": Rule(0.98, 0.95, -1),
    "random-effect-normality": Rule(0.98, 0.95, -1),
    "linearity": Rule(0.02, 0.13),
    "scale-location": Rule(2.0, 4.0),
    "autocorrelation": Rule(0.10, 0.30),
    "arellano-bond-m2": Rule(1.96, 3.29),
    "outliers": Rule(0.005, 0.02),
    "predictive": Rule(0.05, 0.15),
    "collinearity": Rule(5.0, 10.0),
    "adstock-lag-correlation": Rule(0.7, 0.95),
    "stationarity": Rule(0.95, 1.0),
    "targeting": Rule(0.3, 0.5),
    "decay-edge": Rule(0.95),
    "lead-placebo": Rule(1.96, 3.29),
    "carry-over-shape": Rule(1.96, 2.33),
    "seasonality": Rule(1.0, 3.0),
    "correction-gap": Rule(1.0),
    "influence": Rule(0.5, 1.0),
    "verdict-without-most-influential": Rule(0.0, 1.0, coded=True),
    "holdout": Rule(1.0, 1.25),
    "long-memory": Rule(0.25, 1 / 3),
    "totals-in-range": Rule(0.9, 1.0),
    "common-campaigns": Rule(0.2, None, -1),
    "time-effects": Rule(1.0, 2.0),
    "pharmacy-trend": Rule(0.05, 1e-3, -1),
    "drift": Rule(1.96, 3.29),
    "saturation": Rule(1.64, 2.33),
    "scale": Rule(2.0, 6.0),
    "effect-by-size": Rule(1.96, 2.58),
    "lags": Rule(0.0, 6.0),
    "memory": Rule(1.96, 3.29),
    "entry-slips": Rule(0.0),
    "zero-months": Rule(0.0, 0.005),
    "many-zeros": Rule(0.25, 0.5),
    "elasticity": Rule(0.65, 1.0),
    "balance": Rule(2.24, 3.29),
    "treated-time": Rule(6.0, 6.0, -1),
    "calibration-gap": Rule(1.96, 3.29),
    "few-territories": Rule(4.0, 2.0, -1, coded=True),
    "unnamed-territories": Rule(0.05, 0.2),
    "level-shifts": Rule(0.5, 1.0),
    "yearly-levels": Rule(0.5, 1.0),
    "promotion-follows-levels": Rule(0.25, 0.5),
}
"""Every check a report can print, in the order of results.json."""


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Checks in the order of ``RULES``; those of several channels as they come."""
    place = {name: number for number, name in enumerate(RULES)}
    return tuple(sorted(checks, key=lambda check: place[check.id]))


def grade(
    check_id: str,
    value: float | None,
    *,
    review: float | None = None,
    fail: float | None = None,
    detail: str | None = None,
    channel: str | None = None,
) -> Check:
    """Compare a value with its rule.

    Parameters
    ----------
    check_id
        A key of ``RULES``.
    value
        None or not finite: the check is "not-run".
    review, fail
        Replace the rule's thresholds where the size of the data asks for it; a ``fail`` that is
        milder than ``review`` gives way to it.
    detail
        A name the sentence needs (a pharmacy, a column).
    channel
        The promotion channel that is examined, where each is on its own.

    Raises
    ------
    KeyError
        If no rule has this id.
    """
    rule = RULES[check_id]
    limit = rule.review if review is None else review
    worst = rule.fail if fail is None else fail
    if value is None or not np.isfinite(value):
        return Check(id=check_id, status="not-run", value=None, threshold=limit, detail=detail, channel=channel)
    # Turned round where small values are bad, so that one comparison serves both kinds.
    badness, sign = rule.worse * value, rule.worse
    status: CheckStatus = "fail"
    if badness <= sign * limit:
        status = "pass"
    elif worst is None or badness <= max(sign * worst, sign * limit):
        status = "review"
    following = limit if status == "pass" else worst if status == "review" else None
    return Check(
        id=check_id,
        status=status,
        value=float(value),
        threshold=float(limit),
        detail=detail,
        channel=channel,
        near_limit=following is not None and not rule.coded and _near(value, following, sign),
    )


def _near(value: float, limit: float, sign: int) -> bool:
    """Within a tenth of the way from the best value (0; 1 for what must be large) to the limit, not beyond it."""
    if sign < 0:
        value, limit = 1.0 - value, 1.0 - limit
    return limit > 0.0 and NEAR * limit <= value <= limit
