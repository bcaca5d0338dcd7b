"""The first page in words: scope, key figures, what to do, how sure we are.

Each line of "what to do" is a rule over results (named in its docstring), at most three lines; "how sure" names
the checks that matter most and the effect under other choices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import KeyFigure, Mark
from reportgen.report.narrative import reasons, trust
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
from reportgen.results.derived.intervals import about_se
from reportgen.results.derived.standing import standings
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reportgen.report.blocks import Chart
    from reportgen.report.words.writer import Writer
    from reportgen.results import Check, Comparison, EffectSize, Incremental, PharmacyRow

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


# --- key figures ------------------------------------------------------------------------------


def key_figures(w: Writer, drawn: Mapping[str, Chart]) -> tuple[KeyFigure, ...]:
    """First month, kept up, incremental sales; only those that were estimated.

    With several channels their effects are a table of their own and the sales are of all together.
    """
    made = (_incremental(w),) if w.results.channels else (_first(w), _kept_up(w), _incremental(w))
    return tuple(replace(figure, chart=drawn.get(f"key_{figure.name}")) for figure in made if figure is not None)


def _first(w: Writer) -> KeyFigure | None:
    found = quantities.first(w.results)
    if found is None:
        return None
    unit = (
        mark("more sales per pharmacy for {amount}")
        if (found.estimate or 0.0) >= 0 and not _open(w)
        else mark("change of sales per pharmacy for {amount}")
    )
    label, text = quantities.first_period(w), w.say(unit, amount=w.amount)
    return _effect_figure(w, "first", label, found, "first_period", text)


def _kept_up(w: Writer) -> KeyFigure | None:
    found = quantities.kept_up(w.results)
    if found is None:
        return None
    unit = (
        mark("more sales {per_pharmacy} for {one_more}")
        if (found.estimate or 0.0) >= 0 and not _open(w)
        else mark("change of sales {per_pharmacy} for {one_more}")
    )
    text = w.say(unit, per_pharmacy=w.per_pharmacy, one_more=w.one_more)
    return _effect_figure(w, "kept_up", w.say(quantities.KEPT_UP), found, "kept_up", text)


def _effect_figure(w: Writer, name: str, label: str, found: EffectSize, field: str, unit: str) -> KeyFigure:
    """Estimate and interval; where there is no clear effect the interval alone."""
    source, se = f"effects.0.{field}", quantities.spread(found)
    lower, upper = found.lower, found.upper
    value = interval = ""
    if lower is not None and upper is not None and _open(w):
        value = w.effect_interval(lower, upper, source, se)
        interval = w.say("{level} interval", level=w.level)
    elif found.estimate is not None:
        value = w.effect(found.estimate, f"{source}.estimate", se)
        interval = _interval_text(w, lower, upper, source, se)
    return KeyFigure(name=name, label=label, value=value, unit=unit, interval=interval, note="", chart=None)


def _incremental(w: Writer) -> KeyFigure | None:
    inc = w.results.incremental
    if inc is None or inc.total is None:
        return None
    interval = ""
    if inc.lower is not None and inc.upper is not None:
        bounds = w.interval((inc.lower, inc.upper), ("incremental.lower", "incremental.upper"), "money-short")
        interval = w.say("{level} interval {interval}", level=w.level, interval=bounds)
        if _open(w):
            label = w.say("Change of sales with promotion")
            interval, unit = w.say("{level} interval", level=w.level), w.say("over the whole period")
            return KeyFigure(
                name="incremental", label=label, value=bounds, unit=unit, interval=interval, note=roi_line(w),
                chart=None,
            )  # fmt: skip
    return KeyFigure(
        name="incremental",
        label=_incremental_label(w, inc.total),
        value=total_text(w, inc),
        unit=_share(w, inc),
        interval=interval,
        note=roi_line(w),
        chart=None,
    )


def _open(w: Writer) -> bool:
    """Whether the answer is open: then intervals lead, and no estimate stands alone."""
    return shown_code(w.results) in OPEN_VERDICTS


def _incremental_label(w: Writer, total: float) -> str:
    if w.results.channels:
        return w.say("Sales that go with all channels") if total >= 0 else w.say("Change of sales with all channels")
    return w.say("Sales that go with promotion") if total >= 0 else w.say("Change of sales with promotion")


def total_text(w: Writer, inc: Incremental) -> str:
    """Total, with as many digits as its interval supports."""
    return w.money(inc.total or 0.0, "incremental.total", se=about_se(inc.lower, inc.upper))


def _share(w: Writer, inc: Incremental) -> str:
    if inc.share is None:
        return w.say("over the whole period")
    return w.say("over the whole period, {share} of sales", share=w.percent(inc.share, "incremental.share"))


def roi_line(w: Writer) -> str:
    """``Return on promotion 38% (9% to 71%)``, or nothing without costs."""
    roi = w.results.roi
    if roi is None or roi.roi is None:
        return ""
    # Whole percents, but for a return that would be printed as nothing.
    value = w.percent(roi.roi, "roi.roi", digits=0 if abs(roi.roi) >= 0.005 else 1)
    if roi.lower is None or roi.upper is None:
        return w.say("Return on promotion {roi}", roi=value)
    bounds = w.interval((roi.lower, roi.upper), ("roi.lower", "roi.upper"), "percent", 0)
    return w.say("Return on promotion {roi} ({interval})", roi=value, interval=bounds)


def _interval_text(w: Writer, lower: float | None, upper: float | None, source: str, se: float | None) -> str:
    if lower is None or upper is None:
        return w.say("no interval")
    return w.say("{level} interval {interval}", level=w.level, interval=w.effect_interval(lower, upper, source, se))


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
    if found is None or found.estimate is None or _open(w):
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
