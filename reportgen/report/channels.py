"""The results of one of several promotion channels, as if it were the only one: what its own charts are drawn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.results import MarketResults

if TYPE_CHECKING:
    from reportgen.results import VerdictCode

_LEADING: tuple[VerdictCode, ...] = ("works", "works-unevenly", "negative")


def of_channel(results: MarketResults, channel: int) -> MarketResults:
    """Effects, carry-over and units of one channel in the places of the first; everything else as it is."""
    if channel >= len(results.channels) or results.model is None:
        return results
    one, model, data = results.channels[channel], results.model, results.data
    decays = {decay.channel: decay for decay in (results.decay, *results.more_decays) if decay is not None}
    return replace(
        results,
        data=replace(
            data,
            promotion_mean=data.promotion_mean[channel : channel + 1],
            promotion_sd=data.promotion_sd[channel : channel + 1],
        ),
        model=replace(
            model,
            channels=(one.channel,),
            promotion_terms=(one.term,),
            decays=model.decays[channel : channel + 1],
        ),
        decay=decays.get(one.channel),
        more_decays=(),
        effects=results.effects[channel : channel + 1],
        long_run=one.long_run,
        impulse=one.impulse,
        shapes=tuple(shape for shape in results.shapes if shape.channel == one.channel),
        channels=(),
    )


def leading_channel(results: MarketResults) -> int:
    """The channel that stands for its market where there is room for one: the one that brought most among the clear."""
    for wanted in _LEADING:
        clear = [
            (abs(one.incremental or 0.0), -k)
            for k, one in enumerate(results.channels)
            if one.verdict is not None and one.verdict.code == wanted
        ]
        # The place of the largest; of equal ones the first, since places are counted down.
        if clear:
            return -max(clear)[1]
    return 0
