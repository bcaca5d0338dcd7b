"""The check list in words: for every check its name, its rule, and one sentence of advice.

The status comes with the results; here no threshold is compared. A check that this table does not know is
printed under its id with a general sentence, so a new diagnostic is never lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.check_words import CHECKS
from reportgen.report.words.checks import check_name, words_of
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Check, CheckStatus, MarketResults, OlsAssumption

_AT_LEAST_HERE = frozenset({"equal-effects", "normality"})

# Most telling first: what would overturn the answer comes before what would widen an interval.
_IMPORTANCE = (
    "convergence",
    "second-optimum",
    "balance",
    "calibration-gap",
    "entry-slips",
    "zero-months",
    "many-zeros",
    "common-campaigns",
    "few-territories",
    "unnamed-territories",
    "time-effects",
    "pharmacy-trend",
    "lead-placebo",
    "carry-over-shape",
    "promotion-follows-levels",
    "scale",
    "effect-by-size",
    "lags",
    "drift",
    "saturation",
    "elasticity",
    "verdict-without-most-influential",
    "targeting",
    "correction-gap",
    "influence",
    "stationarity",
    "memory",
    "arellano-bond-m2",
    "autocorrelation",
    "seasonality",
    "holdout",
)

STATUS: dict[CheckStatus, str] = {
    "pass": mark("passed"),
    "review": mark("worth a look"),
    "fail": mark("failed"),
    "not-run": mark("not run"),
}

ASSUMPTIONS = {
    "independence": (
        mark("Rows are independent"),
        mark("Rows of one pharmacy resemble each other, so ordinary standard errors are too small."),
    ),
    "equal-effects": (
        mark("One effect for all pharmacies"),
        mark("Pharmacies respond differently, and one common effect hides it."),
    ),
    "constant-variance": (
        mark("Equal scatter"),
        mark("The scatter is not the same everywhere, so some rows count too much."),
    ),
    "normality": (
        mark("Normal residuals"),
        mark("Residuals have longer tails than the normal distribution."),
    ),
}


def rule(w: Writer, check: Check) -> str:
    """What must hold for the check to pass."""
    found = words_of(w.results, check)
    return w.say("See the method section.") if found is None else w.say(found.rule)


def advice(w: Writer, check: Check) -> str:
    """One sentence: what the status means for the reader."""
    if check.status == "not-run":
        return w.say("It could not be run on these data.")
    if check.status == "review" and w.results.status == "singular" and check.id == "convergence":
        return w.say("The best fit lies at the limit of what can be estimated: read single pharmacies with care.")
    found = words_of(w.results, check)
    if found is None:
        if check.detail:  # a check of another package brings its words along
            return clean(check.detail, 300)
        return w.say("Nothing to do.") if check.status == "pass" else w.say("Ask a statistician to look at it.")
    if check.status == "pass":
        return w.say(found.passed)
    known = {"detail": clean(check.detail or "–")} if "{detail}" in found.advice else {}
    return w.say(found.advice, **known)


def status_word(w: Writer, status: CheckStatus, *, near_limit: bool = False) -> str:
    """The status in a word; whether the next worse one is near."""
    word = w.say(STATUS[status])
    return w.say("{status}, near the limit", status=word) if near_limit else word


def most_important(results: MarketResults) -> list[Check]:
    """Checks that were run: failed, then to look at, then passed; within each the most telling first."""
    severity = {"fail": 0, "review": 1, "pass": 2, "not-run": 3}

    def key(check: Check) -> tuple[int, int]:
        place = _IMPORTANCE.index(check.id) if check.id in _IMPORTANCE else len(_IMPORTANCE)
        return severity[check.status], place

    return sorted((check for check in results.checks if check.status != "not-run" and check.id in CHECKS), key=key)


def short_sentence(w: Writer, check: Check) -> str:
    """``Check “Season”: worth a look. Part of the effect may be season …``"""
    return w.say(
        "Check “{name}”: {status}. {advice}",
        name=check_name(w, w.results, check),
        status=status_word(w, check.status, near_limit=check.near_limit),
        advice=advice(w, check),
    )


def assumption_name(w: Writer, assumption: OlsAssumption) -> str:
    """One assumption of ordinary regression."""
    found = ASSUMPTIONS.get(assumption.id)
    return assumption.id if found is None else w.say(found[0])


def assumption_value(w: Writer, assumption: OlsAssumption) -> str:
    """What was measured: a share, a ratio, or (equal effects) the p-value of the test."""
    if assumption.id == "equal-effects":
        return w.formats.p_value(assumption.value)
    return w.formats.number(assumption.value)


def assumption_limit(w: Writer, assumption: OlsAssumption) -> str:
    """Limit with its direction."""
    return f"{'≥' if assumption.id in _AT_LEAST_HERE else '≤'} {w.shortest(assumption.threshold)}"


def assumption_meaning(w: Writer, assumption: OlsAssumption) -> str:
    """What it costs where it does not hold; empty where it holds."""
    found = ASSUMPTIONS.get(assumption.id)
    return "" if found is None or assumption.status == "pass" else w.say(found[1])
