"""The model as an equation in symbols, and what the symbols mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Definition, Definitions, Equation, Symbol
from reportgen.report.narrative.beyond.curve import definitions
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import TimeKind


def _named(term: str) -> str:
    """A term as a symbol: words that stay on one line."""
    return clean(term).replace("_", "\u00a0")


def equation(w: Writer) -> Equation | None:
    """The model in symbols, with this market's terms."""
    model = w.results.model
    if model is None:
        return None
    sales = {"level": "Sales", "relative": "Sales/Size", "log": "log Sales"}[model.response]
    symbols = [Symbol(text="y = Xβ + Zb + ε,   "), Symbol(text=sales, index="i,t"), Symbol(text=" = ")]
    symbols += [Symbol(text="β", index="0")]
    for k, term in enumerate(model.promotion_terms, start=1):
        symbols += [Symbol(text=" + β", index=str(k)), *_bent(w, term)]
    for lag in model.lags:
        symbols += [Symbol(text=" + φ", index=str(lag)), Symbol(text="·" + sales, index=f"i,t−{lag}")]
    for term in (*model.control_terms, *model.correction_terms):
        fixed = term in model.correction_terms
        symbols += [Symbol(text=" + γ·" + _named(term), index="i" if fixed else "i,t")]
    if w.results.time is not None and w.results.time.kind != "none":
        symbols += [Symbol(text=" + τ", index="h,t" if w.results.time.kind == "territory-periods" else "t")]
    symbols += [Symbol(text=" + b", index="0,i")]
    for k, term in enumerate(model.random_terms[1:], start=1):
        symbols += [Symbol(text=" + b", index=f"{k},i"), *_bent(w, term)]
    symbols += [Symbol(text=" + ε", index="i,t")]
    return Equation(symbols=tuple(symbols))


def _bent(w: Writer, term: str) -> list[Symbol]:
    """A column as a factor, within f where its channel's response is a curve."""
    model = w.results.model
    terms = model.promotion_terms if model is not None else ()
    if term not in terms or w.of_channel(terms.index(term)).shape is None:
        return [Symbol(text="·" + _named(term), index="i,t")]
    return [Symbol(text="·f(" + _named(term), index="i,t"), Symbol(text=")")]


def _time_effect(w: Writer, kind: TimeKind) -> Definition:
    if kind == "territory-periods":
        text = w.say("what happens to the pharmacies of one territory h in one period")
        return Definition(term="τ", text=text)
    return Definition(term="τ", text=w.say("what happens to all pharmacies in one period"))


def where(w: Writer) -> Definitions | None:
    """What the symbols mean."""
    model = w.results.model
    if model is None:
        return None
    period = w.by_period("pharmacy i in month t", "pharmacy i in week t")
    items = [
        Definition(term="i, t", text=period),
        Definition(term="β, φ, γ", text=w.say("coefficients of the whole market (fixed effects, Xβ)")),
        *definitions(w),
        *(
            [_time_effect(w, w.results.time.kind)]
            if w.results.time is not None and w.results.time.kind != "none"
            else []
        ),
        Definition(
            term="b",
            text=w.say("deviations of pharmacy i (random effects, Zb), normal with covariance Ψ"),
        ),
        Definition(term="ε", text=w.say("what is left, normal with variance σ²")),
    ]
    return Definitions(items=tuple(items), style="facts")
