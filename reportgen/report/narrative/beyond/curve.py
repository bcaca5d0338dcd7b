"""A response that flattens, in words: what one more brings where there is much of it already, and where that is from.

One market alone hardly tells a curve from a line; all markets of a run share one. Effects of one unit are those at
usual promotion, so every sentence about them names it (``Writer.amount``); here is what other levels bring.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Literal

from reportgen.report.blocks import Definition
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reportgen.report.words.writer import Writer
    from reportgen.results import CurveKind, ResponseShape, VerdictCode

NAMES: dict[CurveKind, str] = {
    "log": mark("a logarithm"),
    "hill": mark("Hill’s curve"),
    "exponential": mark("an exponential curve"),
}
FORMULAS: dict[CurveKind, str] = {
    "log": "f(a) = (c + u) · log(1 + a/c)",
    "hill": "f(a) = (c + u)²/c · a/(c + a)",
    "exponential": "f(a) = c · exp(u/c) · (1 − exp(−a/c))",
}
HARDLY = 0.01
"""Share of usual promotion below which the least promotion seen is as good as none."""


def flattening_line(w: Writer, code: VerdictCode) -> str:
    """First page: that more brings less, with one more at twice or half the usual; nothing where the answer is open."""
    found = w.shape
    kept = quantities.kept_up(w.results, w.channel)
    if found is None or code not in ("works", "works-unevenly") or kept is None or (kept.estimate or 0.0) <= 0.0:
        return ""
    k, shape = found
    source = f"shapes.{k}.points"
    half, twice = (
        None if place is None else (_marginal(w, shape, place, source), _level(w, shape, place, source))
        for place in (shape.at(0.5), shape.at(2.0))
    )
    told = {"one_more": w.say("{amount} {per_period}", amount=w.more, per_period=w.per_period)}
    if half is not None and twice is not None:
        return w.say(
            "Promotion brings less the more of it there is: {one_more}, kept up, goes with {less} at half the usual "
            "promotion ({low}) and with {more} at twice the usual ({high}).",
            less=half[0],
            low=half[1],
            more=twice[0],
            high=twice[1],
            **told,
        )
    if twice is not None:
        message = mark(
            "Promotion brings less the more of it there is: {one_more}, kept up, goes with {effect} at twice the usual "
            "promotion ({level})."
        )
        return w.say(message, effect=twice[0], level=twice[1], **told)
    if half is not None:
        message = mark(
            "Promotion brings less the more of it there is: {one_more}, kept up, goes with {effect} at half the usual "
            "promotion ({level})."
        )
        return w.say(message, effect=half[0], level=half[1], **told)
    return w.say("Promotion brings less the more of it there is.")


def _marginal(w: Writer, shape: ResponseShape, place: int, source: str) -> str:
    kept = quantities.kept_up(w.results, w.channel)
    spread = None if kept is None else quantities.spread(kept)
    return w.effect(shape.points[place].marginal, f"{source}.{place}.marginal", spread)


def _level(w: Writer, shape: ResponseShape, place: int, source: str) -> str:
    return w.number(shape.points[place].promotion, f"{source}.{place}.promotion")


def curve_words(w: Writer, code: VerdictCode) -> tuple[str, ...]:
    """With what promotion brought: how it flattens, channel by channel, and how far the sums reach beyond the data."""
    lines = []
    for one, k, shape in _curved(w):
        own = w.results.channels[one.channel].verdict if w.results.channels else None
        first = flattening_line(one, code if own is None else own.code)
        # Where the answer is open or harm there is no more or less to tell.
        text = w.sentences(first, _reach(one, k, shape) if first else "", _beyond(one, k, shape))
        lines.append(_named(one, text))
    return tuple(line for line in lines if line)


def _curved(w: Writer) -> Iterator[tuple[Writer, int, ResponseShape]]:
    """A writer of each channel whose response flattens, with place and curve."""
    for k in range(len(w.results.model.channels) if w.results.model is not None else 0):
        one = w.of_channel(k)
        if one.shape is not None:
            yield (one, *one.shape)


def _named(w: Writer, text: str) -> str:
    """With the channel before it where there are several."""
    name = w.channel_name
    return w.say("{channel}: {sentence}", channel=name, sentence=text) if name and text else text


def _reach(w: Writer, k: int, shape: ResponseShape) -> str:
    """Why totals are more than the effect of one more, times how many there were."""
    bounds = (shape.reach_lower, shape.reach_upper)
    return w.say(
        "The usual promotion ({usual} {per_pharmacy}) brings {reach} times ({interval}) what it would if all of it "
        "brought as little as the last part: the first part brings most.",
        usual=w.number(shape.usual, f"shapes.{k}.usual"),
        per_pharmacy=w.per_average,
        reach=w.number(shape.reach, f"shapes.{k}.reach", digits=1),
        interval=w.say(
            "{lower} to {upper}",
            lower=w.number(bounds[0], f"shapes.{k}.reach_lower", digits=1),
            upper=w.number(bounds[1], f"shapes.{k}.reach_upper", digits=1),
        ),
    )


def _beyond(w: Writer, k: int, shape: ResponseShape) -> str:
    """How far below the least promotion seen the curve is read for sales without any."""
    if w.results.incremental is None:
        return ""
    if shape.lowest <= HARDLY * shape.usual:
        return w.say("Some pharmacies were down to no promotion, so sales without it lie within what was seen.")
    return w.say(
        "The least promotion seen, with carry-over, is {lowest}: sales without any, the total and “stop” among them, "
        "are read from the curve below that, where no pharmacy was.",
        lowest=w.number(shape.lowest, f"shapes.{k}.lowest"),
    )


def level_note(w: Writer) -> str:
    """Below a table of effects: at which promotion they are, channel by channel; empty where all lines are straight."""
    if not w.results.channels or not w.results.shapes:
        return w.at_usual
    levels = [
        w.say("{channel} ({usual})", channel=clean(one.channel, 40), usual=w.number(one.usual, f"shapes.{k}.usual"))
        for k, one in enumerate(w.results.shapes)
    ]
    return w.say(
        "Of these more brings less and less, and effects are those at usual promotion: {channels}.",
        channels=w.listed(levels, limit=8),
    )


def tenth_more(w: Writer) -> Literal["pays", "open", "loses"] | None:
    """Whether a tenth more promotion would earn its cost; on a line it is as all of it, so only curves are asked."""
    found = _tenth(w)
    if found is None:
        return None
    _, lower, upper = found
    return "pays" if lower > 0.0 else "loses" if upper < 0.0 else "open"


def _tenth(w: Writer) -> tuple[int, float, float] | None:
    """Place among the what-if rows, and interval of the change of profit."""
    for k, one in enumerate(w.results.what_if if w.results.shapes else ()):
        if isclose(one.change, 0.1) and one.profit_lower is not None and one.profit_upper is not None:
            return k, one.profit_lower, one.profit_upper
    return None


def earns(w: Writer, returned: str) -> str:
    """Promotion earns its cost; on a curve a tenth more of it may not."""
    found, more = _tenth(w), tenth_more(w)
    if found is None or more is None:
        return w.say("Promotion earns its cost back (return {interval}): keep it.", interval=returned)
    place, lower, upper = found
    messages = {
        "pays": mark(
            "Promotion earns its cost back (return {interval}), and so would a tenth more (change of profit {profit})."
        ),
        "open": mark(
            "Promotion earns its cost back (return {interval}): keep it; whether a tenth more would is open (change of "
            "profit {profit})."
        ),
        "loses": mark(
            "Promotion earns its cost back (return {interval}), but a tenth more would not (change of profit "
            "{profit}): keep it, do not raise it."
        ),
    }
    sources = (f"what_if.{place}.profit_lower", f"what_if.{place}.profit_upper")
    return w.say(messages[more], interval=returned, profit=w.interval((lower, upper), sources, "money-short"))


def shape_words(w: Writer) -> tuple[str, ...]:
    """With the model: which curve, from how many markets, and how much better than a line it is."""
    lines = []
    for one, k, shape in _curved(w):
        text = w.plural(
            "The response to promotion is not a straight line but {curve}, found in {count} market (model.shape): "
            "twice its gain in log-likelihood over the line is {gain}.",
            "The response to promotion is not a straight line but {curve} that {count} markets share, each in units "
            "of its own usual promotion (model.shape): twice its gain in log-likelihood over the line is {gain}, "
            "summed over them, the carry-over of each estimated along.",
            shape.markets,
            f"shapes.{k}.markets",
            curve=w.say(NAMES[shape.kind]),
            gain=w.number(shape.gain, f"shapes.{k}.gain", digits=1),
        )
        lines.append(_named(one, text))
    return tuple(lines)


def definitions(w: Writer) -> list[Definition]:
    """The curve among the symbols of the equation: its formula with this market's numbers."""
    made = []
    for one, k, shape in _curved(w):
        text = one.say(
            "{formula}, {curve} of promotion with carry-over a, with c = {scale} and usual promotion u = {usual} "
            "({unit} {per_pharmacy}); its slope is one at u, and the column of the formula holds f(a)",
            formula=FORMULAS[shape.kind],
            curve=one.say(NAMES[shape.kind]),
            scale=one.number(shape.scale, f"shapes.{k}.scale"),
            usual=one.number(shape.usual, f"shapes.{k}.usual"),
            unit=one.unit,
            per_pharmacy=one.per_average,
        )
        made.append(Definition(term=f"f ({one.channel_name})" if one.channel_name else "f", text=text))
    return made
