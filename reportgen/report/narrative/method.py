"""Section 10: method, what the report cannot tell, glossary, further reading; alike for all markets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Definition
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer

_LIMITS = (
    mark(
        "It cannot prove that promotion caused the sales. Promotion was not assigned by lot, so whatever moved "
        "promotion and "
        "sales together is counted as effect."
    ),
    mark("It cannot say what happens at promotion levels that no pharmacy has had."),
    mark("It cannot see promotion by competitors, prices or stock-outs unless they are columns of the table."),
    mark(
        "It cannot tell carry-over of promotion from persistence of sales with certainty; what they bring together, "
        "the effect kept up, is surer than either."
    ),
    mark(
        "It cannot rank single pharmacies exactly: neighbours in the list may change places, as their intervals show."
    ),
    mark("It describes the period and the pharmacies in the table, not other markets and not the future."),
)
_LIMIT_EXPERIMENT = mark("It can speak of causes only as far as promotion was assigned by lot and kept to the plan.")

_GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        mark("Adstock"),
        mark("Promotion of the present and, with falling weight, of the past: what of it is still at work."),
    ),
    (mark("Carry-over, decay"), mark("The share of promotion at work that is left one period later.")),
    (
        mark("Conditional mode (BLUP)"),
        mark("The estimate for a single pharmacy, drawn towards the market average as far as its data are thin."),
    ),
    (
        mark("Expected rank"),
        mark(
            "In report.xlsx: 0 for the pharmacy with the lowest and 100 for that with the highest effect, with the "
            "uncertainty counted in; near 50 the place is not known."
        ),
    ),
    (
        mark("First month, first week"),
        mark("The difference in sales that goes with one more unit of promotion, in the period in which it is given."),
    ),
    (mark("In all"), mark("The difference in sales that goes with one more unit given once, summed over time.")),
    (
        mark("Kept up"),
        mark("The difference in sales per period once one more unit in every period has been kept up for long."),
    ),
    (
        mark("Kept up, before persistence"),
        mark(
            "The coefficient of promotion: one more unit in every period with all of its carry-over, sales of the "
            "periods before being equal."
        ),
    ),
    (mark("Incremental sales"), mark("Sales with promotion less the estimate of sales without it.")),
    (
        mark("Interval"),
        mark("A range made so that such ranges hold the true value in the stated share of repeated studies."),
    ),
    (
        mark("Mixed model"),
        mark(
            "A regression in which pharmacies have coefficients of their own, tied together by a common distribution."
        ),
    ),
    (mark("p-value"), mark("How often chance alone would give an estimate at least this far from zero.")),
    (mark("Persistence"), mark("How much of unusually high or low sales is still there in the next period.")),
    (
        mark("REML"),
        mark(
            "Restricted maximum likelihood: an estimation method that does not understate variances in small samples."
        ),
    ),
    (
        mark("Reliability"),
        mark("The share of a pharmacy’s estimated difference that its own data support, from 0 to 1."),
    ),
    (mark("Return on promotion"), mark("Margin on incremental sales less cost, divided by cost.")),
    (
        mark("Singular fit"),
        mark("A fit in which a difference between pharmacies is estimated as zero, or two of them as inseparable."),
    ),
    (
        mark("Standard error"),
        mark("The typical distance between an estimate and the true value over repeated studies."),
    ),
)

READING: tuple[tuple[str, str, str], ...] = (
    (
        "Bates, Mächler, Bolker, Walker (2015)",
        "Fitting linear mixed-effects models using lme4. Journal of Statistical Software 67(1).",
        "https://doi.org/10.18637/jss.v067.i01",
    ),
    (
        "Wooldridge (2005)",
        (
            "Simple solutions to the initial conditions problem in dynamic, nonlinear panel data models with "
            "unobserved heterogeneity. Journal of Applied Econometrics 20(1)."
        ),
        "https://doi.org/10.1002/jae.770",
    ),
    (
        "Mundlak (1978)",
        "On the pooling of time series and cross section data. Econometrica 46(1).",
        "https://doi.org/10.2307/1913646",
    ),
    (
        "Satterthwaite (1946)",
        "An approximate distribution of estimates of variance components. Biometrics Bulletin 2(6).",
        "https://doi.org/10.2307/3002019",
    ),
    (
        "Self, Liang (1987)",
        (
            "Asymptotic properties of maximum likelihood estimators under nonstandard conditions. Journal of the "
            "American Statistical Association 82(398)."
        ),
        "https://doi.org/10.1080/01621459.1987.10478472",
    ),
    (
        "Johnson (2014)",
        "Extension of Nakagawa and Schielzeth's R² to random slopes models. Methods in Ecology and Evolution 5(9).",
        "https://doi.org/10.1111/2041-210X.12225",
    ),
    (
        "Cinelli, Hazlett (2020)",
        "Making sense of sensitivity: extending omitted variable bias. J. of the Royal Statistical Society B 82(1).",
        "https://doi.org/10.1111/rssb.12348",
    ),
    (
        "Albers, Mantrala, Sridhar (2010)",
        "Personal selling elasticities: a meta-analysis. Journal of Marketing Research 47(5).",
        "https://doi.org/10.1509/jmkr.47.5.840",
    ),
    (
        "Kremer, Bijmolt, Leeflang, Wieringa (2008)",
        (
            "Generalizations on the effectiveness of pharmaceutical promotional expenditures. International Journal of "
            "Research in Marketing 25(4)."
        ),
        "https://doi.org/10.1016/j.ijresmar.2008.08.001",
    ),
)

CURVED: tuple[tuple[str, str, str], ...] = (
    (
        "Box, Cox (1964)",
        "An analysis of transformations. Journal of the Royal Statistical Society B 26(2).",
        "https://doi.org/10.1111/j.2517-6161.1964.tb00553.x",
    ),
)

CLUSTERED: tuple[tuple[str, str, str], ...] = (
    (
        "Pustejovsky, Tipton (2018)",
        (
            "Small-sample methods for cluster-robust variance estimation and hypothesis testing in fixed effects "
            "models. Journal of Business & Economic Statistics 36(4)."
        ),
        "https://doi.org/10.1080/07350015.2016.1247004",
    ),
)

_RANDOM_PARTS = {
    "correlated": mark("Levels and effects, correlated"),
    "uncorrelated": mark("Levels and effects, independent"),
    "intercept": mark("Levels only"),
    "pooled": mark("None"),
}
_STARTS = {
    "moment": mark("From moments"),
    "grid": mark("A low point of the grid"),
    "again": mark("The optima found, once more"),
    "closed form": mark("None needed"),
}


def random_part(w: Writer, rung: str) -> str:
    """What may differ between pharmacies in a model of the ladder."""
    return w.say(_RANDOM_PARTS[rung]) if rung in _RANDOM_PARTS else clean(rung)


def start_name(w: Writer, start: str) -> str:
    """Where a search for the optimum began."""
    return w.say(_STARTS[start]) if start in _STARTS else clean(start)


def limits(w: Writer) -> tuple[str, ...]:
    """What this report cannot tell."""
    model = w.results.model
    design = model.design if model else w.settings.model.design
    first = _LIMIT_EXPERIMENT if design == "experiment" else _LIMITS[0]
    return tuple(w.say(message) for message in (first, *_LIMITS[1:]))


def method(w: Writer) -> tuple[str, ...]:
    """How the numbers were made, in a few sentences."""
    return (
        w.say(
            "Every market is estimated on its own with a linear mixed model. The optimum is found by an exact-gradient "
            "Newton search from every low point of a grid over all sizes of differences between pharmacies, its "
            "optimality conditions are verified, and statsmodels evaluates the likelihood at the answer. Without that "
            "proof no numbers are printed."
        ),
        w.say(
            "Carry-over is chosen by maximum likelihood on identical rows; the model is then fitted at that value, "
            "and the "
            "standard errors count its uncertainty in."
        ),
        *([_curve(w)] if w.results.shapes else []),
        w.say(
            "Lags and carry-over follow the calendar within a pharmacy. A missing period loses the rows whose lags "
            "need it "
            "and counts as no promotion."
        ),
    )


def _curve(w: Writer) -> str:
    return w.say(
        "Whether the response to promotion flattens is asked of all markets of a run together, of fewer than five "
        "each alone (model.shape): curves of one family (the shifted Box-Cox transform of promotion with carry-over, "
        "with logarithm, Hill’s and exponential curve as members) are tried at every scale, in units of each market’s "
        "usual promotion, and the one with the highest likelihood summed over the markets is taken where it gains "
        "more over the straight line than chance allows. Its uncertainty is in the intervals of all sums."
    )


def glossary(w: Writer) -> tuple[Definition, ...]:
    """Words of the report."""
    return tuple(Definition(term=w.say(term), text=w.say(text)) for term, text in _GLOSSARY)


def reading(*, clustered: bool = False, curves: bool = False) -> tuple[Definition, ...]:
    """Further reading (titles stay in their language); on clustered errors and on curves where a market has them."""
    listed = (*READING, *(CURVED if curves else ()), *(CLUSTERED if clustered else ()))
    return tuple(Definition(term=who, text=what, link=link) for who, what, link in listed)
