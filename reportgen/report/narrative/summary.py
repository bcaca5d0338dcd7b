"""The first page in words: scope, key figures, what to do, how sure we are.

Each line of "what to do" is a rule over results (named in its docstring), at most three lines; "how sure" names
the checks that matter most and the effect under other choices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import KeyFigure, Mark
from reportgen.report.narrative import reasons, trust
from reportgen.report.narrative.deciding import left_out_lines, withheld_lines
from reportgen.report.narrative.verdict import shown_code
from reportgen.report.standing import standings
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.report.words.units import no_carry_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reportgen.report.blocks import Chart
    from reportgen.report.words.writer import Writer
    from reportgen.results import Check, Incremental, PharmacyRow

_OTHER_CHOICES = (("plain", mark("{effect} uncorrected")), ("within", mark("{effect} within pharmacies")))


def scope(w: Writer) -> str:
    """One line: pharmacies, periods, rows used."""
    data, label = w.results.data, w.formats
    period = label.period_range(*data.period)
    return w.say(
        "{period} · {pharmacies} · {length} · {rows}",
        period=w.fact(period, 0, "text:period"),
        pharmacies=w.plural("{count} pharmacy", "{count} pharmacies", data.pharmacies, "data.pharmacies"),
        length=(
            w.plural("{count} week", "{count} weeks", data.months, "data.months")
            if w.weekly
            else w.plural("{count} month", "{count} months", data.months, "data.months")
        ),
        rows=w.plural("{count} row used", "{count} rows used", data.rows_used, "data.rows_used"),
    )


# --- key figures ------------------------------------------------------------------------------


def key_figures(w: Writer, drawn: Mapping[str, Chart]) -> tuple[KeyFigure, ...]:
    """Effect now, effect in the long run, incremental sales; only those that were estimated."""
    made = (_now(w), _long_run(w), _incremental(w))
    return tuple(replace(figure, chart=drawn.get(f"key_{figure.name}")) for figure in made if figure is not None)


def _now(w: Writer) -> KeyFigure | None:
    found = w.promotion()
    if found is None:
        return None
    index, row = found
    return KeyFigure(
        name="now",
        label=w.by_period("Effect in the same month", "Effect in the same week"),
        value=w.effect(row.estimate, f"fixed.{index}.estimate", row.se),
        unit=(
            w.say("more sales per pharmacy for {amount}", amount=w.amount)
            if row.estimate >= 0
            else w.say("change of sales per pharmacy for {amount}", amount=w.amount)
        ),
        interval=_interval_text(w, row.lower, row.upper, f"fixed.{index}", row.se),
        note="",
        chart=None,
    )


def _long_run(w: Writer) -> KeyFigure | None:
    long_run = w.results.long_run
    if long_run is None:
        return None
    label = w.say("Effect in the long run")
    if not long_run.stationary or long_run.estimate is None:
        note = w.say("Sales carry over so strongly that no long-run level can be given.")
        return KeyFigure(name="long_run", label=label, value="–", unit="", interval="", note=note, chart=None)
    return KeyFigure(
        name="long_run",
        label=label,
        value=w.effect(long_run.estimate, "long_run.estimate", long_run.se),
        unit=w.say(
            mark("more sales {per_pharmacy} for {one_more}, kept up")
            if long_run.estimate >= 0
            else mark("change of sales {per_pharmacy} for {one_more}, kept up"),
            per_pharmacy=w.per_pharmacy,
            one_more=w.one_more,
        ),
        interval=_interval_text(w, long_run.lower, long_run.upper, "long_run", long_run.se),
        note="",
        chart=None,
    )


def _incremental(w: Writer) -> KeyFigure | None:
    inc = w.results.incremental
    if inc is None or inc.total is None:
        return None
    interval = ""
    if inc.lower is not None and inc.upper is not None:
        bounds = w.interval((inc.lower, inc.upper), ("incremental.lower", "incremental.upper"), "money-short")
        interval = w.say("{level} interval {interval}", level=w.level, interval=bounds)
    return KeyFigure(
        name="incremental",
        label=w.say("Sales that go with promotion") if inc.total >= 0 else w.say("Change of sales with promotion"),
        value=total_text(w, inc),
        unit=_share(w, inc),
        interval=interval,
        note=roi_line(w),
        chart=None,
    )


def total_text(w: Writer, inc: Incremental) -> str:
    """Total, with as many digits as its interval supports."""
    se = None if inc.lower is None or inc.upper is None else (inc.upper - inc.lower) / 4
    return w.money(inc.total or 0.0, "incremental.total", se=se)


def _share(w: Writer, inc: Incremental) -> str:
    if inc.share is None:
        return w.say("over the whole period")
    return w.say("over the whole period, {share} of sales", share=w.percent(inc.share, "incremental.share"))


def roi_line(w: Writer) -> str:
    """``Return on promotion 38% (9% to 71%)``, or nothing without costs."""
    roi = w.results.roi
    if roi is None or roi.roi is None:
        return ""
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
    lines = [_money_back(w)]
    if code in ("works", "works-unevenly"):
        lines += [_raise(w), _stop(w)]
        if "no-differences-found" in w.results.verdict.reasons and not any(lines[1:]):
            lines.append(
                w.say("Use the average effect of the market; do not treat pharmacies differently on these numbers.")
            )
    elif code == "negative":
        lines.append(
            w.say("Find out why before promoting further: hold promotion back in some pharmacies, chosen by lot.")
        )
    else:
        lines.append(
            w.by_period(
                "Vary promotion more for a few months, by lot: today’s data do not contrast high and low enough.",
                "Vary promotion more for a few weeks, by lot: today’s data do not contrast high and low enough.",
            )
        )
    lines.append(_collect(w))
    kept = [line for line in lines if line]
    return tuple(kept[:3]) or (
        w.say("Keep promotion as it is: no pharmacy stands out enough to be treated differently."),
    )


def above_average(w: Writer) -> list[PharmacyRow]:
    """Pharmacies whose interval lies wholly above the market effect, strongest first."""
    rows = [r for r, side in zip(w.results.pharmacies, standings(w.results), strict=True) if side > 0]
    return sorted(rows, key=lambda r: -(r.total_slope or 0.0))


def not_responding(w: Writer) -> list[PharmacyRow]:
    """Pharmacies reliably below the market effect and not clearly above zero, weakest first."""
    rows = [
        r
        for r, side in zip(w.results.pharmacies, standings(w.results), strict=True)
        if side < 0 and r.lower is not None and r.lower <= 0
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
        return w.say("Promotion earns its cost back (return {interval}): keep it.", interval=bounds)
    return w.say(
        "Whether promotion earns its cost back is open (return {interval}): test before spending more.", interval=bounds
    )


def _collect(w: Writer) -> str:
    """Rule: a failed or reviewed check that more or better data would mend."""
    flagged = {check.id for check in w.results.checks if check.status in ("review", "fail")}
    if "targeting" in flagged:
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
    lines = [*withheld_lines(w), *left_out_lines(w), checks_line(w)]
    lines += [trust.short_sentence(w, check) for check in trust.most_important(w.results)[:2]]
    lines.append(sensitivity_line(w))
    return tuple(line for line in lines if line)


def checks_line(w: Writer) -> str:
    """``17 of 19 checks passed, 2 to look at.``"""
    checks = w.results.checks
    run = [c for c in checks if c.status != "not-run"]
    if not run:
        return w.say("No checks could be run without an estimate.")
    passed = sum(c.status == "pass" for c in run)
    text = w.say(
        "{passed} of {run} checks passed.",
        passed=w.count(passed, "count:checks-passed"),
        run=w.count(len(run), "count:checks-run"),
    )
    failed = sum(c.status == "fail" for c in run)
    if failed:
        more = w.plural("{count} failed.", "{count} failed.", failed, "count:checks-failed")
        return w.sentences(text, more)
    return text


def sensitivity_line(w: Writer) -> str:
    """The effect now under the model used, without correction, within pharmacies, without the most influential."""
    main = w.promotion()
    if main is None:
        return ""
    parts = []
    for name, message in _OTHER_CHOICES:
        comparison = getattr(w.results, name)
        term = main[1].term
        found = next(((i, r) for i, r in enumerate(comparison.fixed) if r.term == term), None) if comparison else None
        if found is not None:
            shown = w.effect(found[1].estimate, f"{name}.fixed.{found[0]}.estimate", main[1].se)
            parts.append(w.say(message, effect=shown))
    for i, item in enumerate(w.results.sensitivity):
        if item.id == "without-most-influential" and item.estimate is not None:
            shown = w.effect(item.estimate, f"sensitivity.{i}.estimate", main[1].se)
            parts.append(w.say("{effect} without {pharmacy}", pharmacy=clean(item.detail or "–", 40), effect=shown))
    if not parts:
        return ""
    used = w.effect(main[1].estimate, f"fixed.{main[0]}.estimate", main[1].se)
    return w.by_period(
        "Effect in the same month: {effect}; computed otherwise: {others}.",
        "Effect in the same week: {effect}; computed otherwise: {others}.",
    ).format(effect=used, others=", ".join(parts))


def strip(w: Writer) -> tuple[Mark, ...]:
    """All checks as marks with names, in the order of the results."""
    return tuple(_mark(w, check) for check in w.results.checks)


def _mark(w: Writer, check: Check) -> Mark:
    return Mark(code=check.status, word=trust.name(w, check))
