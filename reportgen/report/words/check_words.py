"""The words of every check: its name, its rule, and what passing or failing means, with the setting to change.

``{detail}`` in an advice is what the check found first (a pharmacy and period, a set of lags).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.report.words.phrases import mark

Value = Literal["number", "percent", "none"]


@dataclass(frozen=True, slots=True)
class CheckWords:
    """Name, rule, advice where it passed, advice where it did not, and how its value is written."""

    name: str
    rule: str
    passed: str
    advice: str
    value: Value = "number"


CHECKS: dict[str, CheckWords] = {
    "convergence": CheckWords(
        mark("Best fit proven"),
        mark("The search looked everywhere, and no step would improve what it found"),
        mark("The numbers are those of the best fit."),
        mark("Do not use the estimates; try a simpler model: model.random_slope = false, or model.ladder = true."),
        "none",
    ),
    "second-optimum": CheckWords(
        mark("One best explanation"),
        mark("Log-likelihood between the best fit and the next peak of the likelihood"),
        mark("No other explanation fits nearly as well."),
        mark("Another explanation fits nearly as well: record longer, or set model.lags to fewer lags."),
    ),
    "residual-normality": CheckWords(
        mark("Normal residuals"),
        mark("Residuals against the normal distribution, correlation of quantiles"),
        mark("What departs from normal is too small to matter for the intervals."),
        mark("See the quantile chart; with long tails, model.response = “log” or fewer extreme rows help."),
    ),
    "random-effect-normality": CheckWords(
        mark("Normal pharmacies"),
        mark("Pharmacies against the normal distribution, correlation of quantiles"),
        mark("What departs from normal is too small to matter for single pharmacies."),
        mark("Look for groups of pharmacies that behave differently, such as chains or hospitals."),
    ),
    "linearity": CheckWords(
        mark("Straight line"),
        mark("Share of what is left that a curve would explain"),
        mark("A straight line describes the effect well."),
        mark("The effect may be proportional rather than fixed: try model.response = “log”."),
        "percent",
    ),
    "scale-location": CheckWords(
        mark("Even scatter"),
        mark("Largest over smallest scatter, from low to high sales"),
        mark("One residual variance fits all."),
        mark("The scatter differs with the level of sales: try model.response = “relative” or “log”."),
    ),
    "autocorrelation": CheckWords(
        mark("Residuals without memory"),
        mark("Largest correlation of a pharmacy’s residuals over time"),
        mark("The lags carry the memory of sales."),
        mark("Some memory of sales is not in the model: name more lags in model.lags (12 for a yearly one)."),
    ),
    "arellano-bond-m2": CheckWords(
        mark("No memory after two periods"),
        mark("Correlation of changes two periods apart, as a z statistic"),
        mark("The number of lags is enough."),
        mark("Persistence may be misjudged: name one more lag in model.lags."),
    ),
    "outliers": CheckWords(
        mark("Extreme rows"),
        mark("Share of rows far outside what the model expects"),
        mark("No single rows drive the result."),
        mark("Check the rows with the largest residuals for recording errors; panel.outliers sets slips aside."),
        "percent",
    ),
    "collinearity": CheckWords(
        mark("Columns move apart"),
        mark("Largest variance inflation of a column by the others"),
        mark("Effects can be told apart."),
        mark(
            "Columns that move together cannot be told apart well: take one of them out of panel.promotion or "
            "panel.controls."
        ),
    ),
    "adstock-lag-correlation": CheckWords(
        mark("Carry-over or persistence"),
        mark("Correlation of promotion at work and last period’s sales"),
        mark("The two kinds of memory are told apart."),
        mark(
            "Carry-over and persistence share the effect: read what is kept up, not its parts, or set adstock.decay "
            "where it is known."
        ),
    ),
    "lead-placebo": CheckWords(
        mark("Promotion to come explains nothing"),
        mark("Promotion of the next period as a cause of this one’s sales, its t"),
        mark("No sign that promotion follows sales."),
        mark(
            "Promotion seems to follow sales, or to be recorded a period late: look at how it is booked, or assign it "
            "by lot for some time and set model.design."
        ),
    ),
    "carry-over-shape": CheckWords(
        mark("Effects fade evenly"),
        mark("What promotion brings in its own period beyond the carry-over, its t"),
        mark("What promotion brings in its own period and after fits one carry-over."),
        mark(
            "Promotion goes with sales of its own period more, or less, than its carry-over allows: visits may follow "
            "what is expected of a period, or work later. Assign them by lot for some periods and set model.design."
        ),
    ),
    "seasonality": CheckWords(
        mark("Season"),
        mark("Change of the effect with a level for each time of the year, in standard errors"),
        mark("Season does not carry the effect."),
        mark("Part of the effect may be season: set model.time to periods or season, and compare."),
    ),
    "targeting": CheckWords(
        mark("Promotion aimed at size"),
        mark("Correlation of average promotion and level of sales over pharmacies"),
        mark("Promotion follows size no more than the model accounts for."),
        mark(
            "Promotion goes to larger pharmacies: keep model.correction = “initial-conditions”, which accounts for it."
        ),
    ),
    "influence": CheckWords(
        mark("No single pharmacy decides"),
        mark("Largest change of the effect without one pharmacy, in standard errors"),
        mark("The effect does not hang on one pharmacy."),
        mark("Read the result with and without the pharmacy named in the influence chart."),
    ),
    "verdict-without-most-influential": CheckWords(
        mark("Verdict without one"),
        mark("The verdict stays the same without the most influential pharmacy"),
        mark("The verdict does not hang on one pharmacy."),
        mark("The verdict changes without that pharmacy: check its data before acting."),
        "none",
    ),
    "predictive": CheckWords(
        mark("Simulated data look alike"),
        mark("Share of rows in another place than in data simulated from the model"),
        mark("The model can produce data like these."),
        mark("The model misses part of the shape of sales; see the predictive chart."),
        "percent",
    ),
    "holdout": CheckWords(
        mark("Forecasts"),
        mark("Forecast error over that of last year’s value, on periods kept aside"),
        mark("The model forecasts better than last year’s value."),
        mark("Do not use the model to forecast; read the effect as a description of the past."),
    ),
    "stationarity": CheckWords(
        mark("Effects fade"),
        mark("Largest root of the recursion: what is left of a shock per period"),
        mark("An effect kept up exists."),
        mark(
            "Nothing is given in all or kept up, sales drift too strongly: set model.time, or fewer lags in model.lags."
        ),
    ),
    "decay-edge": CheckWords(
        mark("Carry-over inside its range"),
        mark("The best carry-over lies inside the range that was searched"),
        mark("Carry-over is estimated, not limited."),
        mark(
            "Record longer, or set adstock.decay to a value that is known: the record does not show where an effect "
            "ends."
        ),
    ),
    "long-memory": CheckWords(
        mark("Effects end within the record"),
        mark("Time until half of an effect is there, as a share of the record"),
        mark("The record is long enough for what is kept up."),
        mark("Record longer, or set adstock.decay to a smaller value where that is known."),
        "percent",
    ),
    "totals-in-range": CheckWords(
        mark("Totals within sales"),
        mark("Largest share of sales that promotion may have brought"),
        mark("What promotion brought stays within sales."),
        mark("Record longer, or set adstock.decay to a smaller value or model.lags to fewer lags."),
        "percent",
    ),
    "correction-gap": CheckWords(
        mark("Other estimates agree"),
        mark("Gap of other estimates of the coefficient, in standard errors or tenths of the effect"),
        mark("The coefficient comes out the same in the other estimates, within its error."),
        mark(
            "Differences between pharmacies pull the plain estimate: use the corrected one "
            "(model.correction = “initial-conditions”)."
        ),
    ),
    "common-campaigns": CheckWords(
        mark("Campaigns not the same everywhere"),
        mark("Share of the movement of promotion within pharmacies that is not common to all of them"),
        mark("Promotion differs enough between pharmacies at the same time."),
        mark(
            "Campaigns ran everywhere at the same time, so their effect cannot be told from what else happened then: "
            "let promotion differ between pharmacies, or say what is known by model.time."
        ),
        "percent",
    ),
    "time-effects": CheckWords(
        mark("Nothing common left out"),
        mark("Change of the effect kept up by one effect per period, in standard errors"),
        mark("What happens to all pharmacies together does not carry the effect."),
        mark("What happens to all pharmacies together carries part of the effect: set model.time to auto."),
    ),
    "pharmacy-trend": CheckWords(
        mark("Growth alike"),
        mark("Trends of the pharmacies’ own, by likelihood ratio, p"),
        mark("Growth does not differ between pharmacies, or the model has it."),
        mark(
            "Pharmacies grow at rates of their own, and promotion may follow: set model.pharmacy_trend to true, best "
            "with two years of data."
        ),
    ),
    "drift": CheckWords(
        mark("The same effect all the time"),
        mark("Change of the effect from the start of the record to its end, its t"),
        mark("The effect is as large at the end of the record as at its start."),
        mark("The effect changes over time: report a shorter, recent record to learn what it is now."),
    ),
    "saturation": CheckWords(
        mark("More of it brings as much again"),
        mark("How far the effect flattens with more promotion, its t"),
        mark("No sign that promotion brings less the more of it there is."),
        mark(
            "Promotion brings less the more of it there is: what the first units bring, and with it the total, is "
            "underestimated, what more of it would bring is overestimated. Set model.shape to “saturating”, or build "
            "several markets together, which find such a curve where one does not."
        ),
    ),
    "scale": CheckWords(
        mark("Effect in money or in proportion"),
        mark("How much better another scale of sales explains the same rows, in deviance"),
        mark("The scale of sales fits the data."),
        mark("Another scale of sales explains these data better: set model.response to “{detail}”."),
    ),
    "effect-by-size": CheckWords(
        mark("Effect in proportion to size"),
        mark("Change of the effect, over size, with the size of a pharmacy, its z"),
        mark("Large and small pharmacies respond in proportion to their size."),
        mark(
            "The effect is not in proportion to a pharmacy’s size: name panel.territory or model.moderators to see "
            "where it differs, or build large and small pharmacies as markets of their own."
        ),
    ),
    "lags": CheckWords(
        mark("Memory of sales is long enough"),
        mark("How much better longer lags explain the same rows, in BIC"),
        mark("The lags reach far enough back."),
        mark(
            "Sales remember longer than the model: set model.lags to the lags that fit better ({detail}); until then "
            "effects over time are too small."
        ),
    ),
    "memory": CheckWords(
        mark("Errors without memory"),
        mark("One more lag of sales, its z"),
        mark("What one period brings by chance is gone in the next one."),
        mark(
            "What happens by chance in one period lasts into the next ones: the effect of the first of them and the "
            "carry-over cannot be told from it; what is kept up and the total can. Try one more lag in model.lags."
        ),
    ),
    "entry-slips": CheckWords(
        mark("No slips of the pen"),
        mark("Share of values ten or a hundred times a pharmacy’s own level"),
        mark("No value is out of line with its pharmacy."),
        mark(
            "Correct the values that are listed with the data, or leave their rows out: "
            "panel.outliers = “set-aside”. The first: {detail}."
        ),
        "percent",
    ),
    "zero-months": CheckWords(
        mark("Missing values are empty"),
        mark("Share of zeros where a pharmacy otherwise always sells"),
        mark("No period looks as if a missing value had been written as zero."),
        mark(
            "Leave missing values empty in the table, or leave these rows out: panel.outliers = “set-aside”. "
            "The first: {detail}."
        ),
        "percent",
    ),
    "many-zeros": CheckWords(
        mark("Sales are not mostly zero"),
        mark("Share of sales that are zero"),
        mark("Few sales are zero: a straight line can carry them."),
        mark(
            "Many sales are zero, which a straight line carries badly: add up to longer periods (panel.period with "
            "panel.aggregate) or to groups of pharmacies, or leave out those that hardly sell (panel.leave_out)."
        ),
        "percent",
    ),
    "level-shifts": CheckWords(
        mark("No steps in single pharmacies"),
        mark("Change of the effect when steps in single pharmacies’ sales are taken out, in standard errors"),
        mark("No pharmacy’s sales move to another level in a way that changes the effect."),
        mark(
            "Sales of single pharmacies move to another level for good; give such a pharmacy a code of its own from "
            "then on. The clearest: {detail}."
        ),
    ),
    "yearly-levels": CheckWords(
        mark("Levels stay from year to year"),
        mark("Change of the effect when pharmacies have a level of their own in every year, in standard errors"),
        mark("Persistence is the same within years as over the whole record."),
        mark(
            "Persistence falls when pharmacies may have another level in every year; give a pharmacy that changed a "
            "code of its own from then on."
        ),
    ),
    "promotion-follows-levels": CheckWords(
        mark("Promotion does not move with levels"),
        mark("Change of the effect beside the promotion of the half-years before and after, in standard errors"),
        mark("Promotion does not move along with the level of single pharmacies’ sales."),
        mark(
            "Promotion moves along with the level of single pharmacies’ sales: give a pharmacy that changed a code of "
            "its own from then on, or assign promotion by lot for some periods and set model.design."
        ),
    ),
    "balance": CheckWords(
        mark("Arms alike before"),
        mark("Sales and growth before the experiment against what was assigned, in standard errors"),
        mark("What was assigned does not go with sales or growth before."),
        mark("Pharmacies with more sold otherwise before: look whether the lot was kept to, or draw anew."),
    ),
    "treated-time": CheckWords(
        mark("Long enough for carry-over"),
        mark("Periods since promotion was assigned at random"),
        mark("The record goes on long enough since the assignment to show what remains of an effect."),
        mark("Keep recording: what remains of an effect shows after the experiment."),
    ),
    "calibration-gap": CheckWords(
        mark("Experiment agrees"),
        mark("Experiment less this market’s estimate, in standard errors of the difference"),
        mark("The experiment and this market’s estimate differ by no more than their errors."),
        mark(
            "The experiment and this market’s estimate differ by more than their errors: look whether both measure the "
            "same (calibration.measures), then rather believe the experiment."
        ),
    ),
    "few-territories": CheckWords(
        mark("Enough territories"),
        mark("Degrees of freedom that the territories leave for promotion"),
        mark("There are enough territories to judge promotion by."),
        mark(
            "There are too few territories to judge promotion by: name smaller ones (panel.territory), or let "
            "promotion differ between the pharmacies of a territory."
        ),
    ),
    "unnamed-territories": CheckWords(
        mark("No territories left out"),
        mark("Share of what the model leaves that pharmacies of one territory have in common in a period"),
        mark("Pharmacies of one territory do not move together beyond what is common to all."),
        mark("Pharmacies move together by {detail}, which the model does not know: set panel.territory to {detail}."),
        "percent",
    ),
    "elasticity": CheckWords(
        mark("Plausible size"),
        mark("Percent of sales per percent of promotion, kept up"),
        mark("The size is one that published studies know (0.25 and 0.33 on average)."),
        mark(
            "The effect is far above what published studies found (0.25 and 0.33 on average): look for what grew "
            "along with promotion, and set model.time."
        ),
    ),
}

CURVED: dict[str, CheckWords] = {
    "linearity": CheckWords(
        mark("The curve fits"),
        CHECKS["linearity"].rule,
        mark("The curve in the model describes the effect well."),
        CHECKS["linearity"].advice,
        "percent",
    ),
    "saturation": CheckWords(
        mark("Bends as its curve does"),
        mark("How far the effect bends otherwise than the curve in the model, its |t|"),
        mark("The curve in the model (model.shape) leaves no sign that promotion brings more or less than it says."),
        mark(
            "Promotion flattens sooner here than the curve in the model, or later, or not at all: what the first units "
            "bring, and with it the total, cannot be read from it. Where the markets share the curve (model.shape), "
            "build this market in a project of its own."
        ),
    ),
}
"""The same where the response is a curve already."""
