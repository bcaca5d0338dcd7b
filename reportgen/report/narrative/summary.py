"""The first page in words: scope, key figures, what to do, how sure we are.

Each line of "what to do" is a rule over results (named in its docstring), at most three lines; "how sure" names
the checks that matter most and the effect under other choices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Mark
from reportgen.report.narrative import reasons, trust
from reportgen.report.narrative.ahead.key_figures import is_open
from reportgen.report.narrative.ahead.plan import plan_lines
from reportgen.report.narrative.beyond.change import short_change
from reportgen.report.narrative.beyond.curve import earns, tenth_more
from reportgen.report.narrative.beyond.experiment import experiment_lines
from reportgen.report.narrative.beyond.foresight import foresight_line
from reportgen.report.narrative.beyond.track import track_line
from reportgen.report.narrative.deciding import left_out_lines, season_line, withheld_lines
from reportgen.report.narrative.time import territories_line
from reportgen.report.narrative.verdict import shown_code
from reportgen.report.words import quantities
from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.report.words.units import no_carry_over
from reportgen.results.derived.standing import standings

if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.report.words.writer import Writer
    from reportgen.results import Check, Comparison, PharmacyRow

_OTHER_CHOICES = (("plain", mark("{effect} uncorrected")), ("within", mark("{effect} within pharmacies")))


def scope(w: Writer) -> str:
    """One line: pharmacies, periods, rows used."""
    data, label = w.results.data, w.formats
    period = label.period_range(*data.period)
    return w.say(
        "{period} · {pharmacies} · {length} · {rows}",
        period=w.fact(period, 0, "text:period"),
        pharmacies=w.plural("{count} pharmacy", "{count} pharmacies", data.pharmacies, "data.pharmacies"),
        length=_length(w),
        rows=w.plural("{count} row used", "{count} rows used", data.rows_used, "data.rows_used")
        if w.results.fixed
        else w.plural("{count} row read", "{count} rows read", data.rows_read, "data.rows_read"),
    )


def _length(w: Writer) -> str:
    """``36 months``, of which those that a pharmacy has in the model: ``34 of 36 months used``."""
    data = w.results.data
    used = data.group_size.max
    if w.results.fixed and used < data.months:
        return w.by_period("{used} of {count} months used", "{used} of {count} weeks used").format(
            used=w.count(used, "data.group_size.max"), count=w.count(data.months, "data.months")
        )
    if w.weekly:
        return w.plural("{count} week", "{count} weeks", data.months, "data.months")
    return w.plural("{count} month", "{count} months", data.months, "data.months")


# --- what to do -------------------------------------------------------------------------------


def actions(w: Writer) -> tuple[str, ...]:
    """At most three lines of advice, most useful first."""
    code = shown_code(w.results)
    if code == "cannot-tell":
        made = [reasons.cure(w, reason, i) for i, reason in enumerate(w.results.reasons) if reason.code != "singular"]
        return tuple(dict.fromkeys(made))[:3] or (w.say("Run the data check; it names what to mend."),)
    plan = w.results.plan
    lines = [_money_back(w)] if plan is None or plan.outcome != "recommended" else []
    if code in ("works", "works-unevenly") and plan is not None:
        lines += plan_lines(w)
    # Results of an older version have no plan: pharmacies are named by their intervals there.
    elif code in ("works", "works-unevenly"):
        lines += ["" if tenth_more(w) == "loses" else _raise(w), _stop(w)]
        # Only where no pharmacy was named: advice on single ones would contradict it.
        if "no-differences-found" in w.results.verdict.reasons and not any(lines[1:]):
            lines.append(
                w.say("Use the average effect of the market; do not treat pharmacies differently on these numbers.")
            )
    elif code == "negative":
        lines.append(
            w.say("Find out why before promoting further: hold promotion back in some pharmacies, chosen by lot.")
        )
    elif deciding := _deciding_checks(w):
        lines += [trust.advice(w, check) for check in deciding[:2]]
    else:
        lines += plan_lines(w) or (
            w.by_period(
                "Vary promotion more for a few months, by lot: today’s data do not contrast high and low enough.",
                "Vary promotion more for a few weeks, by lot: today’s data do not contrast high and low enough.",
            ),
        )
    lines.append(_collect(w))
    kept = [line for line in lines if line]
    return tuple(kept[:3]) or (
        w.say("Keep promotion as it is: no pharmacy stands out enough to be treated differently."),
    )


def _deciding_checks(w: Writer) -> list[Check]:
    """Checks that withhold the verdict, the gravest first: what would mend them comes before any other advice."""
    names = [one.check for one in w.results.withheld if one.quantity == "works"]
    return [check for name in dict.fromkeys(names) for check in w.results.checks if check.id == name]


def above_average(w: Writer) -> list[PharmacyRow]:
    """Pharmacies whose interval lies wholly above the market effect, strongest first."""
    rows = [r for r, side in zip(w.results.pharmacies, standings(w.results), strict=True) if side > 0]
    return sorted(rows, key=lambda r: -(r.total_slope or 0.0))


def not_responding(w: Writer) -> list[PharmacyRow]:
    """Pharmacies reliably below the market effect whose interval holds zero, weakest first."""
    return _below(w, lambda lower, upper: lower <= 0 <= upper)


def below_zero(w: Writer) -> list[PharmacyRow]:
    """Pharmacies reliably below the market effect whose interval lies wholly below zero, weakest first."""
    return _below(w, lambda _lower, upper: upper < 0)


def _below(w: Writer, so: Callable[[float, float], bool]) -> list[PharmacyRow]:
    rows = [
        r
        for r, side in zip(w.results.pharmacies, standings(w.results), strict=True)
        if side < 0 and r.lower is not None and r.upper is not None and so(r.lower, r.upper)
    ]
    return sorted(rows, key=lambda r: r.total_slope or 0.0)


def _raise(w: Writer) -> str:
    """Rule: interval of the pharmacy's slope wholly above the market effect."""
    rows = above_average(w)
    if not rows:
        return ""
    return w.plural(
        "Try more promotion in {count} pharmacy that responds reliably above average: {names}.",
        "Try more promotion in {count} pharmacies that respond reliably above average: {names}.",
        len(rows),
        "count:pharmacies-above-market",
        names=w.listed([clean(r.pharmacy, 40) for r in rows]),
    )


def _stop(w: Writer) -> str:
    """Rule: interval below the market effect and not wholly above zero."""
    rows = not_responding(w)
    if not rows:
        return ""
    return w.plural(
        "Question promotion in {count} pharmacy that responds below average and not clearly above zero: {names}.",
        "Question promotion in {count} pharmacies that respond below average and not clearly above zero: {names}.",
        len(rows),
        "count:pharmacies-not-responding",
        names=w.listed([clean(r.pharmacy, 40) for r in rows]),
    )


def _money_back(w: Writer) -> str:
    """Rule: interval of the ROI wholly above or wholly below zero."""
    roi = w.results.roi
    if roi is None or roi.roi is None or roi.lower is None or roi.upper is None:
        return ""
    bounds = w.interval((roi.lower, roi.upper), ("roi.lower", "roi.upper"), "percent", 0)
    if roi.upper < 0:
        return w.say(
            "Spend less: promotion costs more than the margin it goes with (return {interval}).", interval=bounds
        )
    if roi.lower > 0:
        return earns(w, bounds)
    return w.say(
        "Whether promotion earns its cost back is open (return {interval}): test before spending more.", interval=bounds
    )


def _collect(w: Writer) -> str:
    """Rule: a failed or reviewed check that more or better data would mend."""
    flagged = {check.id for check in w.results.checks if check.status in ("review", "fail")}
    # A plan says who gets more and who less.
    if "targeting" in flagged and w.results.plan is None:
        return w.say("Give some small pharmacies more promotion and some large ones less: today it follows size.")
    if "decay-edge" in flagged and not no_carry_over(w.results.decay):
        return w.say("Keep recording, and vary promotion from period to period: carry-over is not pinned down yet.")
    if w.results.data.months < (52 if w.weekly else 24):
        return w.by_period(
            "Keep recording: with fewer than 24 months the carry-over is hard to pin down.",
            "Keep recording: with fewer than 52 weeks the carry-over is hard to pin down.",
        )
    return ""


# --- how sure ---------------------------------------------------------------------------------


def confidence(w: Writer) -> tuple[str, ...]:
    """What is not given and why, checks passed of run, the two that matter most, the effect under other choices."""
    lines = [*withheld_lines(w), short_change(w), *left_out_lines(w), season_line(w), territories_line(w)]
    lines.append(checks_line(w))
    # A check that took numbers away was told with them above.
    told = {one.check for one in w.results.withheld}
    others = [check for check in trust.most_important(w.results) if check.id not in told]
    since = w.results.change is not None or w.results.track is not None
    # The page has room for either: what could be wrong beyond the gravest check stands further back.
    lines += [trust.short_sentence(w, check) for check in others[: 1 if since else 2]]
    lines += [track_line(w), sensitivity_line(w), *experiment_lines(w), "" if since else foresight_line(w)]
    return tuple(line for line in lines if line)


def checks_line(w: Writer) -> str:
    """``17 of 19 checks passed, 2 to look at.``"""
    results = w.results
    if not results.checks_run:
        return w.say("No checks could be run without an estimate.")
    text = w.say(
        "{passed} of {run} checks passed.",
        passed=w.count(results.checks_passed, "count:checks-passed"),
        run=w.count(results.checks_run, "count:checks-run"),
    )
    if results.checks_failed:
        more = w.plural("{count} failed.", "{count} failed.", results.checks_failed, "count:checks-failed")
        return w.sentences(text, more)
    return text


def sensitivity_line(w: Writer) -> str:
    """One unit kept up under the model used, without correction and within pharmacies; of the first channel."""
    found = quantities.kept_up(w.results)
    if found is None or found.estimate is None or is_open(w):
        return ""
    se, parts = quantities.spread(found), []
    for name, message in _OTHER_CHOICES:
        comparison: Comparison | None = getattr(w.results, name)
        if comparison is not None and comparison.long_run is not None:
            parts.append(w.say(message, effect=w.effect(comparison.long_run, f"{name}.long_run", se)))
    if not parts:
        return ""
    return w.say(
        "{what}: {effect}; computed otherwise: {others}.",
        what=w.say("{channel}, kept up", channel=w.channel_name) if w.channel_name else w.say(quantities.KEPT_UP),
        effect=w.effect(found.estimate, "effects.0.kept_up.estimate", se),
        others=", ".join(parts),
    )


def strip(w: Writer) -> tuple[Mark, ...]:
    """All checks as marks with names, in the order of the results."""
    return tuple(Mark(code=check.status, word=check_name(w, w.results, check)) for check in w.results.checks)
