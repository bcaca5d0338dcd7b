"""Sections 2 and 3 in words: the data, and the model with its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Definition, Definitions
from reportgen.report.narrative.beyond.curve import shape_words
from reportgen.report.narrative.time import time_words
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import SettingChoice, TerritorySummary

LOST = {
    "set-aside": mark("A value out of line with its pharmacy, set aside by panel.outliers"),
    "first-periods": mark("The first {periods} of a pharmacy: their lagged sales lie before its record"),
    "gap": mark("A gap earlier in the record: the lagged sales are missing"),
    "missing-sales": mark("No sales recorded"),
    "missing-promotion": mark("No promotion recorded"),
    "missing-control": mark("A control column is empty"),
    "non-positive-sales": mark("Sales of zero or less, which have no logarithm"),
}


def lost_label(w: Writer, reason: str) -> str:
    """Why rows were set aside."""
    message = LOST.get(reason)
    return clean(reason.replace("-", " "), 60) if message is None else w.say(message, periods=w.periods)


# --- 2 data -----------------------------------------------------------------------------------


def data_lead(w: Writer) -> str:
    """Rows read and used, over how many pharmacies."""
    data = w.results.data
    return w.say(
        "{read} rows were read for {pharmacies}; {used} of them are used.",
        read=w.count(data.rows_read, "data.rows_read"),
        pharmacies=w.plural("{count} pharmacy", "{count} pharmacies", data.pharmacies, "data.pharmacies"),
        used=w.count(data.rows_used, "data.rows_used"),
    )


def hierarchy(w: Writer) -> str:
    """The levels of the data: market, territories where there are, pharmacies, rows."""
    found = w.results.territories
    if found is not None:
        return w.say(
            "Rows are nested: each belongs to one pharmacy, each pharmacy to one of {count} territories of this market "
            "(with {size} each). Rows of one pharmacy resemble each other, which is why the model has a level of its "
            "own for every pharmacy; pharmacies of one territory share what happens to it.",
            count=w.count(found.count, "territories.count"),
            size=_size(w, found),
        )
    return w.say(
        "Rows are nested: each belongs to one pharmacy, each pharmacy to this market. Rows of one pharmacy resemble "
        "each other, which is why the model has a level of its own for every pharmacy."
    )


def _size(w: Writer, found: TerritorySummary) -> str:
    """Pharmacies of a territory."""
    if found.smallest == found.largest:
        return w.plural("{count} pharmacy", "{count} pharmacies", found.largest, "territories.largest")
    return w.say(
        "{smallest} to {largest} pharmacies",
        smallest=w.count(found.smallest, "territories.smallest"),
        largest=w.count(found.largest, "territories.largest"),
    )


def levels(w: Writer) -> str:
    """Average sales and promotion."""
    data = w.results.data
    if data.sales_mean is None:
        return ""
    sales = w.say(
        "Sales average {sales} {per_pharmacy}.",
        sales=w.money(data.sales_mean, "data.sales_mean"),
        per_pharmacy=w.per_pharmacy,
    )
    if not data.promotion_mean:
        return sales
    promotion = w.say(
        "Promotion averages {mean} {per_pharmacy} (unit: {unit}), with a standard deviation of {sd}.",
        mean=w.number(data.promotion_mean[0], "data.promotion_mean.0"),
        unit=w.unit,
        per_pharmacy=w.per_pharmacy,
        sd=w.number(data.promotion_sd[0], "data.promotion_sd.0"),
    )
    return w.sentences(sales, promotion)


# --- 3 model ----------------------------------------------------------------------------------


def model_words(w: Writer) -> tuple[str, ...]:
    """The model without symbols."""
    model = w.results.model
    if model is None:
        return ()
    first = w.by_period(
        "Sales of a pharmacy in a month depend on its promotion, now and carried over from earlier months, and on its "
        "own sales of the months before.",
        "Sales of a pharmacy in a week depend on its promotion, now and carried over from earlier weeks, and on its "
        "own "
        "sales of the weeks before.",
    )
    lines = [first]
    if "Adstock_Promotion" in model.random_terms or len(model.random_terms) > 1:
        lines.append(
            w.say(
                "Each pharmacy has a level of its own and a promotion effect of its own. Both are drawn towards the "
                "market "
                "average, the more so the less the pharmacy’s data say."
            )
        )
    else:
        lines.append(w.say("Each pharmacy has a level of its own; the promotion effect is one for all."))
    lines += [*shape_words(w), *time_words(w)]
    if model.typed is not None:
        lines.append(w.say("The settings ask for it as {formula}.", formula="; ".join(filter(None, model.typed))))
    if model.response == "log":
        lines.append(w.say("The model works on the logarithm of sales, so effects are percentages of sales."))
    if model.response == "relative":
        lines.append(
            w.say(
                "The model works on sales over each pharmacy’s size, which is what it sold at the beginning of its "
                "record: levels, periods, scatter and effects are in proportion to it. Effects are told for a pharmacy "
                "of average size; those of single pharmacies and all sums are in their own money."
            )
        )
    lines += [_chosen(w, k, choice) for k, choice in enumerate(model.choices)]
    if model.correction == "initial-conditions":
        lines.append(
            w.say(
                "Further columns (the pharmacy’s first sales and promotion, its average promotion, earlier promotion) "
                "keep stable differences between pharmacies from being mistaken for persistence or for an effect of "
                "promotion."
            )
        )
    return tuple(lines)


def _chosen(w: Writer, position: int, choice: SettingChoice) -> str:
    """What the markets chose for a setting that is left to them, and by how much."""
    if not choice.rivals:
        message = mark("{setting} was left to the data; nothing could be compared with {begun}, which was kept.")
        return w.say(message, setting=f"model.{choice.setting}", begun=choice.begun)
    best = max(range(len(choice.rivals)), key=lambda k: choice.gains[k])
    gain = w.number(choice.gains[best], f"model.choices.{position}.gains.{best}", digits=1)
    if choice.chosen != choice.begun:
        message = mark(
            "{setting} was left to the data: {chosen} explains sales better than {begun}, by {gain} in deviance after "
            "its price (markets asked: {count})."
        )
    else:
        message = mark(
            "{setting} was left to the data: nothing explains sales better than {begun}; the next best, {rival}, "
            "changes the deviance by {gain} after its price (markets asked: {count})."
        )
    return w.say(
        message, setting=f"model.{choice.setting}", chosen=choice.chosen, begun=choice.begun, rival=choice.rivals[best],
        gain=gain, count=w.count(choice.markets, f"model.choices.{position}.markets"),
    )  # fmt: skip


def certificate(w: Writer) -> str:
    """One line: why these numbers are those of the best fit."""
    fit = w.results.fit
    if fit is None:
        return ""
    if not fit.certified:
        return w.say("Not certified: the fit did not pass the proof that it is the best one.")
    parts = [
        _how_many_optima(w),
        w.say("optimality conditions hold"),
    ]
    if fit.statsmodels_gap is not None:
        shown = "1e-12" if abs(fit.statsmodels_gap) < 1e-12 else f"{fit.statsmodels_gap:.0e}"
        gap = w.fact(shown, fit.statsmodels_gap, "fit.statsmodels_gap")
        parts.append(w.say("statsmodels agrees to {gap}", gap=gap))
    elif fit.singular:
        parts.append(w.say("not compared with statsmodels, which cannot be evaluated where a variance is zero"))
    return "; ".join(parts) + "."


def _how_many_optima(w: Writer) -> str:
    """How many peaks the search of the whole likelihood found."""
    optima = w.results.optima
    if len(optima) < 2:
        return w.say("The likelihood was searched as a whole and has one peak")
    return w.say(
        "The likelihood was searched as a whole and has {count} peaks; this is the highest, {gap} above the next",
        count=w.count(len(optima), "count:optima"),
        gap=w.fact(w.formats.decimal(optima[1].gap, 1), optima[1].gap, "optima[1].gap"),
    )


def standard_error_words(w: Writer) -> str:
    """Which standard errors are printed."""
    model = w.results.model
    if model is None:
        return ""
    return {
        "full-information": w.say(
            "Standard errors are full-information ones, from the joint curvature of coefficients and variances; tests "
            "use "
            "t with Satterthwaite degrees of freedom."
        ),
        "gls": w.say("Standard errors are those of generalised least squares, because a variance is at its limit."),
        "cluster": w.say("Standard errors are clustered by pharmacy, because the pooled model is used."),
        "territory": _clustered_words(w),
    }[model.standard_error]


def _clustered_words(w: Writer) -> str:
    found = w.results.territories
    if found is None or found.df is None:
        return w.say("Standard errors are clustered by territory.")
    return w.say(
        "Standard errors are clustered by territory and corrected for their number (CR2, Bell and McCaffrey 2002); "
        "tests use t with the degrees of freedom that the territories support (Pustejovsky and Tipton 2018), {df} for "
        "promotion.",
        df=w.fact(w.formats.decimal(found.df, 1), found.df, "territories.df"),
    )


def fit_summary(w: Writer) -> Definitions | None:
    """The summary block of a mixed model, in the words of statsmodels."""
    fit, model, data = w.results.fit, w.results.model, w.results.data
    if fit is None or model is None:
        return None
    f = w.formats
    size = data.group_size
    quality, r2 = w.results.quality, w.results.r2
    pairs = [
        (w.say("Observations"), f.integer(data.rows_used)),
        (w.say("Groups (pharmacies)"), f.integer(data.pharmacies)),
        (w.say("Group size: smallest, mean, largest"), f"{size.min} · {f.decimal(size.mean, 1)} · {size.max}"),
        (w.say("Method"), model.method),
        (w.say("Residual standard deviation"), f.number(fit.sigma)),
        (w.say("Log-likelihood"), f.decimal(fit.loglik, 2)),
        (w.say("AIC, BIC (from maximum likelihood)"), f"{f.decimal(fit.aic, 1)} · {f.decimal(fit.bic, 1)}"),
        (w.say("Converged"), w.say("yes") if fit.converged else w.say("no")),
        (w.say("Certified"), w.say("yes") if fit.certified else w.say("no")),
    ]
    if w.results.icc is not None:
        pairs.append((w.say("Intraclass correlation"), f.decimal(w.results.icc, 2)))
    if r2 is not None:
        shown = " · ".join(f.decimal(value, 2) for value in (r2.marginal, r2.conditional, r2.promotion))
        pairs.append((w.say("R²: marginal, conditional, part of promotion"), shown))
    if quality is not None and quality.wmape is not None:
        pairs.append((w.say("Mean error, share of sales"), f.percent(quality.wmape)))
    return Definitions(items=tuple(Definition(term=label, text=value) for label, value in pairs), style="facts")
