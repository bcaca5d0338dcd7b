"""Sections 4, 6 and 7 in words: coefficients, pharmacies, impact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative.ahead.key_figures import is_open, recent_period, roi_line, total_text
from reportgen.report.narrative.summary import above_average, below_zero, not_responding
from reportgen.report.words import quantities
from reportgen.report.words.phrases import mark
from reportgen.report.words.terms import term_label, term_role, term_unit
from reportgen.results.derived.intervals import about_se
from reportgen.results.derived.kept_up import shows_kept_up

if TYPE_CHECKING:
    from reportgen.report.words.formats import Kind
    from reportgen.report.words.writer import Writer
    from reportgen.results import FixedEffect, Incremental, RecentSales

# --- 4 coefficients ---------------------------------------------------------------------------


def coefficient_sentences(w: Writer) -> tuple[str, ...]:
    """One sentence per coefficient: estimate, interval and unit first."""
    return tuple(filter(None, (_coefficient(w, i, row) for i, row in enumerate(w.results.fixed))))


def _coefficient(w: Writer, i: int, row: FixedEffect) -> str:
    model = w.results.model
    if model is None or row.lower is None or row.upper is None:
        return ""
    source = f"fixed.{i}"
    if row.term in model.promotion_terms:
        return _promotion(w.of_channel(model.promotion_terms.index(row.term)), source, row, (row.lower, row.upper))
    kind: Kind = "number" if w.log else "money"
    bounds = w.interval((row.lower, row.upper), (f"{source}.lower", f"{source}.upper"), kind)
    shown = w.formats.value(row.estimate, kind, row.se)
    value = w.fact(shown, row.estimate, f"{source}.estimate")
    if row.term in model.lag_terms:
        return w.say(
            mark("{term}: of every percent above the usual level, {value} percent is still there ({interval}).")
            if w.log
            else mark("{term}: of every {one} above the usual level, {value} is still there ({interval})."),
            term=term_label(w, row.term),
            value=value,
            interval=bounds,
            one=w.formats.money(1.0, 1.0),
        )
    if w.log:
        value = f"{value} {term_unit(w, row.term)}"
    elif not _is_intercept(w, row.term):
        value = w.say("{sales} per {unit}", sales=value, unit=_divisor(w, row.term))
    if row.term in model.correction_terms:
        return w.say(
            "{term}: {value} ({interval}). It accounts for stable differences between pharmacies and is not an effect "
            "of its own.",
            term=term_label(w, row.term),
            value=value,
            interval=bounds,
        )
    if _is_intercept(w, row.term):
        return w.say(
            "{term}: {value} ({interval}) where all other columns are zero; a starting point, not a forecast.",
            term=term_label(w, row.term),
            value=value,
            interval=bounds,
        )
    if w.log:
        shown = w.fact(w.formats.effect(row.estimate, row.se, plus=True), row.estimate, f"{source}.estimate")
        limits = w.formats.effect_interval(row.lower, row.upper, row.se)
        w.fact(limits, row.lower, f"{source}.lower")
        return w.say(
            "{term}: one unit more goes with {effect} of sales ({interval}).",
            term=term_label(w, row.term),
            effect=shown,
            interval=limits,
        )
    return w.say("{term}: {value} ({interval}).", term=term_label(w, row.term), value=value, interval=bounds)


def _promotion(w: Writer, source: str, row: FixedEffect, limits: tuple[float, float]) -> str:
    """Sentence of the coefficient of promotion, for the amount that effects are told for."""
    return w.say(
        mark("{term}: {amount} goes with {effect} more sales {per_pharmacy} ({what}; {interval}), all else equal.")
        if row.estimate >= 0
        else mark(
            "{term}: {amount} goes with {effect} less sales {per_pharmacy} ({what}; {interval}), all else equal."
        ),
        term=term_label(w, row.term),
        amount=w.amount,
        what=w.lower_start(quantities.coefficient(w, w.results.model)),
        effect=w.effect(row.estimate, f"{source}.estimate", row.se, size=True),
        per_pharmacy=w.per_average,
        interval=w.effect_interval(*limits, source, row.se),
    )


def _divisor(w: Writer, term: str) -> str:
    """What the coefficient of ``term`` is counted per, at level."""
    column = term_role(w, term)
    if column is not None and column.role == "initial-sales":
        return w.formats.money(1.0, 1.0)
    if column is None or column.channel is None:
        return w.say("unit")
    return w.of_channel(column.channel).unit


def _is_intercept(w: Writer, term: str) -> bool:
    column = term_role(w, term)
    return column is not None and column.role == "intercept"


def comparison_words(w: Writer) -> str:
    """What a difference between plain, corrected and within-pharmacy estimates means."""
    plain, within = w.results.plain, w.results.within
    lines = []
    if plain is not None and plain.differs:
        lines.append(
            w.say(
                "The seed model differs, in its coefficient or in what is kept up: it takes stable differences "
                "between pharmacies for persistence; the corrected estimate does not, and is the one used."
            )
        )
    if within is not None and within.differs:
        lines.append(
            w.say(
                "The estimate within pharmacies differs, in its coefficient or in what is kept up: what "
                "pharmacies "
                "differ in may still be part of the effect, and the truth may lie between the two."
            )
        )
    if lines or (plain is None and within is None):
        return w.sentences(*lines)
    return w.say(
        "The three estimates agree, in the coefficient and in what is kept up, so the choice matters little here."
    )


# --- 6 pharmacies -----------------------------------------------------------------------------


def _standing_out(w: Writer, high: int, low: int) -> str:
    """How many pharmacies respond above the market, and how many below it and not clearly above zero."""
    if not high and not low:
        return w.say("No single pharmacy can be told apart from the market average.")
    if not low:
        message = mark(
            "{high} of {all} pharmacies respond reliably above the market average; in none is the response below it "
            "without being clearly above zero."
        )
    elif not high:
        message = mark(
            "In {low} of {all} pharmacies the response is below the market average and not clearly above zero; none "
            "responds reliably above it."
        )
    else:
        message = mark(
            "{high} of {all} pharmacies respond reliably above the market average; in {low} the response is below it "
            "and not clearly above zero."
        )
    return w.say(
        message,
        high=w.count(high, "count:pharmacies-above-market"),
        all=w.count(len(w.results.pharmacies), "count:pharmacies"),
        low=w.count(low, "count:pharmacies-not-responding"),
    )


def _fallen(w: Writer, count: int) -> str:
    """How many pharmacies lie wholly below zero."""
    if not count:
        return ""
    return w.plural(
        "In {count} it lies wholly below zero.", "In {count} it lies wholly below zero.", count,
        "count:pharmacies-below-zero",
    )  # fmt: skip


def pharmacies_lead(w: Writer) -> str:
    """Do pharmacies differ, and how many stand out."""
    test = w.results.slope_test
    if not w.results.pharmacies:
        return ""
    if w.results.status == "singular":
        if _slopes_are_equal(w):
            return w.say("No difference in response between pharmacies can be told apart from chance.")
        return w.say(
            "Level and response of pharmacies are estimated as fully related, more than data of this size can show; "
            "read "
            "the order below, not the single effects."
        )
    counts = w.sentences(
        _standing_out(w, len(above_average(w)), len(not_responding(w))), _fallen(w, len(below_zero(w)))
    )
    if test is None or test.p is None:
        return counts
    return w.sentences(counts, _equal_response(w, test.p, test.replicates))


def _equal_response(w: Writer, p: float, replicates: int | None) -> str:
    if replicates is None:
        return w.say("Test of equal response: {p}.", p=w.p(p, "slope_test.p"))
    return w.say(
        "Test of equal response, against {count} simulated copies in which all respond alike: {p}.",
        count=w.count(replicates, "slope_test.replicates"),
        p=w.p(p, "slope_test.p"),
    )


def _slopes_are_equal(w: Writer) -> bool:
    """Whether the estimated spread of the promotion effect is nothing beside the effect itself."""
    found = w.promotion()
    spread = next((row.sd for row in w.results.variances if found and row.term == found[1].term), 0.0)
    return found is None or spread <= 0.01 * abs(found[1].estimate)


def reading_pharmacies(w: Writer) -> tuple[str, ...]:
    """How to read the pharmacy table."""
    return (
        w.say("Each estimate is drawn towards the market average, the more so the less the pharmacy’s own data say."),
        *([_at_one_level(w)] if w.shape is not None and not shows_kept_up(w.results) else []),
    )


def _at_one_level(w: Writer) -> str:
    return w.say(
        "Effects are compared at the market’s usual promotion. One more brings less than that in a pharmacy that has "
        "more of it, and more in one that has less."
    )


# --- 7 impact ---------------------------------------------------------------------------------


def impact_lead(w: Writer) -> str:
    """Incremental sales with share and interval."""
    inc = w.results.incremental
    if inc is None or inc.total is None or inc.lower is None or inc.upper is None:
        return w.say("Incremental sales cannot be given for this market.")
    if inc.recent is not None:
        return w.sentences(_recent(w, inc.recent), _whole(w, inc))
    bounds = w.interval((inc.lower, inc.upper), ("incremental.lower", "incremental.upper"), "money-short")
    text = w.say(
        mark("{total} of sales go with promotion over the whole period ({level} interval {interval})")
        if inc.total >= 0
        else mark("With promotion, sales over the whole period change by {total} ({level} interval {interval})"),
        total=total_text(w, inc),
        level=w.level,
        interval=bounds,
    )
    if inc.share is None:
        return text + "."
    return text + w.say(", {share} of all sales.", share=w.percent(inc.share, "incremental.share"))


def _recent(w: Writer, recent: RecentSales) -> str:
    """What promotion brings a period, by the last year, with the year beside it."""
    bounds = w.interval(
        (recent.lower, recent.upper), ("incremental.recent.lower", "incremental.recent.upper"), "money-short"
    )
    if is_open(w):
        return w.say(
            "With and without promotion, sales {per_period} differ by {interval} in the mean of {period} ({level} "
            "interval).",
            interval=bounds,
            per_period=w.per_period,
            period=recent_period(w, recent),
            level=w.level,
        )
    return w.say(
        mark(
            "{total} of sales {per_period} go with promotion in the mean of {period} ({level} interval {interval}), "
            "{share} of all sales there."
        )
        if recent.estimate >= 0
        else mark(
            "With promotion, sales {per_period} change by {total} in the mean of {period} ({level} interval "
            "{interval}), {share} of all sales there."
        ),
        total=w.money(
            recent.estimate,
            "incremental.recent.estimate",
            se=about_se(recent.lower, recent.upper),
            beside=(recent.lower, recent.upper),
        ),
        per_period=w.per_period,
        period=recent_period(w, recent),
        level=w.level,
        interval=bounds,
        share=w.percent(recent.share or 0.0, "incremental.recent.share"),
    )


def _whole(w: Writer, inc: Incremental) -> str:
    """The same over the record, which holds the beginning, too."""
    if inc.total is None or inc.lower is None or inc.upper is None or is_open(w):
        return ""
    bounds = w.interval((inc.lower, inc.upper), ("incremental.lower", "incremental.upper"), "money-short")
    return w.say(
        "Over the whole record it is {total} ({interval}), told low: what promotion from before the record brought is "
        "not in it.",
        total=total_text(w, inc),
        interval=bounds,
    )


def impact_words(w: Writer) -> tuple[str, ...]:
    """How the number was made."""
    inc = w.results.incremental
    if inc is None or inc.total is None:
        return ()
    return (
        w.say(
            "Each pharmacy is computed twice, with its promotion and without, and this period’s difference carries "
            "into "
            "the next through lagged sales. The interval comes from {draws} draws of all estimates together.",
            draws=w.count(inc.draws, "incremental.draws"),
        ),
        *(
            [w.say("Effects are shares of sales here, so sales cannot be split into parts that add up.")]
            if w.log
            else []
        ),
    )


def roi_words(w: Writer) -> str:
    """Return on promotion and break-even cost."""
    roi = w.results.roi
    if roi is None or roi.break_even_cost is None:
        return ""
    line = roi_line(w)
    text = f"{line}. " if line else ""
    text += w.say(
        mark("On average over all there was, one {unit} pays for itself up to a cost of {cost}")
        if w.results.shapes
        else mark("One {unit} pays for itself up to a cost of {cost}"),
        unit=w.unit,
        cost=w.money(roi.break_even_cost, "roi.break_even_cost", short=False),
    )
    if roi.break_even_lower is None or roi.break_even_upper is None:
        return text + "."
    bounds = w.interval(
        (roi.break_even_lower, roi.break_even_upper), ("roi.break_even_lower", "roi.break_even_upper"), "money"
    )
    return text + f" ({bounds})."
