"""Section 5 in words: how the effect of one promotion spreads over time, and what it brings in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.report.words.units import no_carry_over

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import DecaySummary, EffectSize, LongRun


def lead(w: Writer) -> str:
    """In all, half-life and multiplier in words, channel by channel."""
    long_run = w.results.long_run
    if long_run is None or not long_run.stationary:
        return w.say(
            "Sales drift so strongly that a single promotion has no measurable end; nothing is given in all or kept up."
        )
    if not w.results.channels:
        return _carry_over(w, long_run)
    parts = [(one.channel, _carry_over(w.of_channel(k), one.long_run)) for k, one in enumerate(w.results.channels)]
    return w.sentences(
        *(w.say("{channel}: {sentence}", channel=clean(name, 40), sentence=text) for name, text in parts if text)
    )


def _carry_over(w: Writer, long_run: LongRun) -> str:
    source = f"channels.{w.channel}.long_run" if w.results.channels else "long_run"
    in_all = quantities.in_all(w.results, w.channel)
    clear = in_all is not None and in_all.lower is not None and in_all.upper is not None
    if in_all is None or not clear or (in_all.lower or 0.0) <= 0 <= (in_all.upper or 0.0):
        return w.say("Whether promotion has an effect that could last is open.") if in_all is not None else ""
    parts = [_first(w), _in_all(w, in_all)]
    if long_run.half_life is not None:
        parts.append(_half_life(w, long_run.half_life, f"{source}.half_life"))
    if long_run.multiplier is not None:
        parts.append(
            w.say(
                "Persistence of sales makes what is kept up {multiplier} times what it is before persistence.",
                multiplier=w.number(long_run.multiplier, f"{source}.multiplier", digits=2),
            )
        )
    return w.sentences(*parts)


def _first(w: Writer) -> str:
    """What one unit brings in its own period."""
    found = quantities.first(w.results, w.channel)
    if found is None or found.estimate is None or found.lower is None or found.upper is None:
        return ""
    source, se = f"effects.{w.channel}.first_period", quantities.spread(found)
    return w.say(
        mark("{name}: {amount} goes with {effect} more sales per pharmacy ({level} interval {interval}).")
        if found.estimate >= 0
        else mark(
            "{name}: {amount} goes with {effect} less sales per pharmacy ({level} interval of the change {interval})."
        ),
        name=quantities.first_period(w),
        amount=w.amount,
        effect=w.effect(found.estimate, f"{source}.estimate", se, size=True),
        level=w.level,
        interval=w.effect_interval(found.lower, found.upper, source, se),
    )


def _in_all(w: Writer, found: EffectSize) -> str:
    """What one unit brings over all periods."""
    estimate, lower, upper = found.estimate or 0.0, found.lower or 0.0, found.upper or 0.0
    source, se = f"effects.{w.channel}.in_all", quantities.spread(found)
    message = (
        mark("In all, {amount} goes with {effect} more sales per pharmacy over time ({level} interval {interval}).")
        if estimate >= 0
        else mark(
            "In all, {amount} goes with {effect} less sales per pharmacy over time ({level} interval of the change "
            "{interval})."
        )
    )
    return w.say(
        message,
        amount=w.amount,
        effect=w.effect(estimate, f"{source}.estimate", se, size=True),
        level=w.level,
        interval=w.effect_interval(lower, upper, source, se),
    )


def _half_life(w: Writer, value: float, source: str) -> str:
    if value < 0.5:
        return w.by_period(
            "Half of the effect of a single promotion is there in the first month.",
            "Half of the effect of a single promotion is there in the first week.",
        )
    shown = w.number(value, source, digits=1 if value % 1 else 0)
    if value <= 1:
        message = w.by_period(
            "Half of the effect of a single promotion is there by the second month.",
            "Half of the effect of a single promotion is there by the second week.",
        )
    else:
        message = w.by_period(
            "Half of the effect of a single promotion is there after {count} months.",
            "Half of the effect of a single promotion is there after {count} weeks.",
        )
    return message.format(count=shown)


def decay_words(w: Writer) -> tuple[str, ...]:
    """How the carry-over of each channel was found and how sure it is; why where it is not given."""
    model = w.results.model
    decays = [(f"more_decays.{k}", one) for k, one in enumerate(w.results.more_decays)]
    if w.results.decay is not None:
        decays.insert(0, ("decay", w.results.decay))
    if model is None or len(model.channels) < 2:
        return tuple(line for source, one in decays for line in _decay(w, one, source))
    return tuple(
        w.say("{channel}: {sentence}", channel=clean(one.channel, 40), sentence=line)
        for source, one in decays
        for line in _decay(w, one, source)
    )


def _decay(w: Writer, decay: DecaySummary, source: str) -> list[str]:
    value = w.percent(decay.estimate, f"{source}.estimate", digits=0)
    lines = []
    if not decay.estimated:
        lines.append(w.by_period(
            "{share} of promotion is carried over from month to month; the number was set, not estimated.",
            "{share} of promotion is carried over from week to week; the number was set, not estimated.",
        ).format(share=value))  # fmt: skip
        return lines
    if decay.lower is not None and decay.upper is not None:
        bounds = w.interval((decay.lower, decay.upper), (f"{source}.lower", f"{source}.upper"), "percent", 0)
        lines.append(w.by_period(
            "{share} of promotion is carried over from one month to the next (decay, {level} interval {interval}).",
            "{share} of promotion is carried over from one week to the next (decay, {level} interval {interval}).",
        ).format(share=value, level=w.level, interval=bounds))  # fmt: skip
    if no_carry_over(decay):
        lines.append(w.by_period(
            "Carry-over is not seen: promotion works in the month in which it is given.",
            "Carry-over is not seen: promotion works in the week in which it is given.",
        ))  # fmt: skip
    elif decay.at_edge:
        lines.append(w.say("The best value lies at the edge of the range searched, so the data hardly determine it."))
    elif decay.lower is None or decay.upper is None:
        lines.append(w.say("The data do not bound the carry-over, so its value says little."))
    if decay.lag_correlation is not None:
        lines.append(
            w.say(
                "The estimates of carry-over and of persistence of sales correlate by {value}; the effect kept up is "
                "surer than its parts.",
                value=w.number(decay.lag_correlation, f"{source}.lag_correlation", digits=2),
            )
        )
    return lines
