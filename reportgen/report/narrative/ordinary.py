"""Section 9 in words: what ordinary regression, which ignores the pharmacies, would have said and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import OrdinaryRegression


def lead(w: Writer) -> str:
    """What ignoring the pharmacies would have said."""
    ordinary, found = w.results.ordinary, w.promotion()
    if ordinary is None or found is None:
        return ""
    term = next(((i, t) for i, t in enumerate(ordinary.terms) if t.term == found[1].term), None)
    if term is None:
        return ""
    return w.say(
        "Ordinary regression, which ignores the pharmacies, would have put the effect at {ols} instead of {mixed}.",
        ols=w.effect(term[1].ols, f"ordinary.terms.{term[0]}.ols", term[1].ols_se),
        mixed=w.effect(term[1].mixed, f"ordinary.terms.{term[0]}.mixed", term[1].mixed_se),
    )


def _smaller_now(w: Writer, ordinary: OrdinaryRegression) -> bool:
    found = w.promotion()
    term = next((t for t in ordinary.terms if found is not None and t.term == found[1].term), None)
    return term is not None and 0 < term.ols < term.mixed


def words(w: Writer) -> tuple[str, ...]:
    """What it would have cost: intervals and money."""
    ordinary = w.results.ordinary
    if ordinary is None:
        return ()
    lines = []
    if ordinary.se_ratio is not None:
        lines.append(
            w.say(
                "The standard error of the mixed model is {ratio} times that of ordinary regression, which takes one "
                "effect and one level for all pharmacies.",
                ratio=w.number(ordinary.se_ratio, "ordinary.se_ratio", digits=2),
            )
        )
    if ordinary.incremental_gap is not None:
        more = ordinary.incremental_gap >= 0
        lines.append(
            w.say(
                mark(
                    "It would still have credited promotion with {gap} more sales than the mixed model does: it takes "
                    "lasting differences between pharmacies for persistence, so that a smaller effect seems to last."
                )
                if more and _smaller_now(w, ordinary)
                else mark("It would have credited promotion with {gap} more sales than the mixed model does.")
                if more
                else mark("It would have credited promotion with {gap} less sales than the mixed model does."),
                gap=w.money(ordinary.incremental_gap, "ordinary.incremental_gap", size=True),
            )
        )
    return tuple(lines)
