"""What a build will do with a market, asked before anything is fitted, by the code that decides in the build.

Every rule is the one :mod:`reportgen.model.analysis` goes by: the refusals, the examination of the columns, the choice
of how time enters, and those checks that look at data alone. What only a fit can tell (a second optimum, memory left
in the errors, an effect that drifts) is not foreseen. Costs a few milliseconds a market.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reportgen.model.checks.entries import check_entries
from reportgen.model.checks.time import check_campaigns
from reportgen.model.data_summary import summarise_data
from reportgen.model.deciding import decisions
from reportgen.model.lmm.columns import NoResidualVariation, RankDeficient
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.market.calendar import PROBE_DECAY, choose_time
from reportgen.model.market.decay import GRID
from reportgen.model.market.fit import DependentTerm, estimable_terms
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.model.market.terms import decay_terms, market_design
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import MarketPanel
from reportgen.results import Check, MarketProspect, MarketResults, Outcome, Provenance, Reason, Verdict
from reportgen.results.data import DataSummary
from reportgen.settings.sections import Settings

UNFITTABLE = (DependentTerm, RankDeficient, NoResidualVariation)
"""What the columns of a market can be found to be when they are looked at closely."""
BREAKDOWNS = (ValueError, ArithmeticError)
"""What numerics raise where they break down (numpy's and SciPy's errors of linear algebra and of values that are not
finite are ``ValueError``)."""


def foresee_market(panel: MarketPanel, settings: Settings) -> MarketProspect:
    """What a build will do with this market, as far as its data tell."""
    frame, left_out = usable_frame(panel, settings)
    reasons, checks = refusals(frame), tuple[Check, ...]()
    if not reasons:
        try:
            checks = _examined(frame, settings)
        except UNFITTABLE as error:
            reasons = (unfittable(error, settings),)
        except BREAKDOWNS:  # the fit will say what it is
            checks = check_entries(panel)
    withheld = decisions(checks)
    known = MarketResults(
        market=panel.market,
        status="not-estimable" if reasons else "ok",
        reasons=reasons,
        data=_data(frame, left_out if not reasons else ()),
        checks=checks,
        withheld=withheld,
        verdict=Verdict(code="cannot-tell", reasons=tuple(reason.code for reason in reasons)),
        provenance=_made_of(panel, settings),
    )
    codes = tuple(reason.code for reason in reasons) or tuple(dict.fromkeys(one.check for one in withheld))
    outcome: Outcome = "no-estimate" if reasons else "withheld" if withheld else "estimate"
    return MarketProspect(market=panel.market, outcome=outcome, codes=codes, known=known)


def unfittable(error: Exception, settings: Settings) -> Reason:
    """Reason of a market whose columns cannot be fitted."""
    if isinstance(error, DependentTerm):
        return Reason(code="rank-deficient", column=error.term, detail=error.like or None)
    if isinstance(error, RankDeficient):
        return Reason(code="rank-deficient", detail="at some decays")
    return Reason(code="constant-response", column=settings.panel.sales, detail="no residual variation")


def _examined(frame: ModelFrame, settings: Settings) -> tuple[Check, ...]:
    """Checks that look at data alone, once the columns were found to be fit for a fit."""
    time = choose_time(frame, settings)
    terms = estimable_terms(frame, settings, time.kind)
    searched = settings.adstock.decay == "estimate" and settings.adstock.scope == "market"
    columns = decay_terms(frame, terms) if searched else terms
    for decays in _probed(settings, len(terms.promotion)):
        # For what it raises alone: dependent columns show at some decays only.
        cross_products(market_design(frame, columns, decays))
    return (check_campaigns(time, frame.panel.channels), *check_entries(frame.panel))


def _probed(settings: Settings, channels: int) -> Iterator[tuple[float, ...]]:
    """Decays at which a fit is sure to look, in its order: a known one, or the ends and the middle of its first search.

    The search begins with the first channel, the others half-way.
    """
    middle = PROBE_DECAY
    if settings.adstock.decay != "estimate":
        yield (float(settings.adstock.decay),) * channels
    elif settings.adstock.scope == "all":  # estimated over all markets
        yield (middle,) * channels
    else:
        for first in (GRID[0], middle, GRID[-1]):
            yield (first, *(middle,) * (channels - 1))


def _data(frame: ModelFrame, left_out: tuple[Reason, ...]) -> DataSummary:
    return replace(summarise_data(frame), channels_left_out=left_out)


def _made_of(panel: MarketPanel, settings: Settings) -> Provenance:
    """Nothing was made yet."""
    return Provenance(
        package="", versions=(), source=panel.source, data_hash="", settings_hash="", settings=(),
        seed=settings.run.seed, as_of=settings.run.as_of,
    )  # fmt: skip
