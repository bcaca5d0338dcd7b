"""What the markets of a run agree on before any is built, or what was remembered: one decay, how responses flatten.

Every round of a search is one task per market in the worker processes; what a task sends back is a handful of
numbers. The agreement depends on the data of all markets, so where it is more than straight lines it is part of every
market's fingerprint, and it is kept in run.json under a key over all of them: a run with nothing to do still reads
no panel. A market that cannot answer counts in no sum; what is wrong with it is said when it is built.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reportgen.batch.inputs.stored_panel import StoredPanel, open_panel
from reportgen.batch.state.fingerprint import Fingerprint, hash_strings
from reportgen.batch.state.run_json import Agreed
from reportgen.batch.workers import pool
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import CURVE_SHARED_FROM

if TYPE_CHECKING:
    from reportgen.batch.inputs.source import Markets
    from reportgen.model.agreed.choices import Gains, Setting
    from reportgen.model.agreed.shape import ShapeQuestion
    from reportgen.model.market.bend import Shapes
    from reportgen.panel.grid import MarketPanel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileJob:
    """What a worker needs for one market's profile of the decay."""

    panel: MarketPanel | StoredPanel
    settings: Settings
    decays: tuple[float, ...]
    shapes: Shapes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceJob:
    """What a worker needs for what one market says of a setting."""

    panel: MarketPanel | StoredPanel
    settings: Settings
    setting: Setting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapeJob:
    """What a worker needs for one market's answer about a curve."""

    panel: MarketPanel | StoredPanel
    settings: Settings
    question: ShapeQuestion


def profile(job: ProfileJob) -> tuple[float, ...] | None:
    """Return one market's log-likelihood at every decay asked for; runs in a worker."""
    from reportgen.model.agreed.decay import market_profile

    return market_profile(open_panel(job.panel), job.settings, job.decays, job.shapes)


def choice(job: ChoiceJob) -> Gains | None:
    """Return what one market says of a setting; runs in a worker."""
    from reportgen.model.agreed.choices import market_gains

    return market_gains(open_panel(job.panel), job.settings, job.setting)


def shape(job: ShapeJob) -> tuple[float, ...] | None:
    """Return one market's answer about a curve; runs in a worker."""
    from reportgen.model.agreed.shape import market_shape

    return market_shape(open_panel(job.panel), job.settings, job.question)


def is_shared(settings: Settings) -> bool:
    """Return whether one decay is to be estimated for all markets."""
    return settings.adstock.scope == "all" and settings.adstock.decay == "estimate"


def are_asked(settings: Settings, source: Markets) -> bool:
    """Return whether markets are asked before they are built."""
    if not source.has_panels:
        return False
    return (
        "auto" in (settings.model.response, settings.model.lags)
        or is_shared(settings)
        or curve_is_shared(settings, source)
    )


def curve_is_shared(settings: Settings, source: Markets) -> bool:
    """Return whether the markets share a curve; few decide each for itself.

    Markets whose rows break the contract count, too: that one of them is refused must not move the others' numbers.
    """
    count = len(source.index.markets) + len(source.index.refused)
    return settings.model.shape != "linear" and count >= CURVE_SHARED_FROM


def agree(
    settings: Settings,
    source: Markets,
    stamp: Fingerprint,
    last: Agreed | None,
    *,
    jobs: int,
    stopping: Callable[[], bool] = lambda: False,
) -> Agreed | None:
    """Return what all markets of the input agree on.

    Parameters
    ----------
    stamp
        Of the run: settings and code decide, too.
    last
        What the run before remembered.
    stopping
        Once true, no further market is asked; what they agree on is then not known and None.
    """
    key = _key(source, stamp)
    if last is not None and last.key == key:
        return last
    from reportgen.model.agreed.choices import choose, chosen
    from reportgen.model.agreed.decay import search_shared_decay
    from reportgen.model.agreed.shape import search_shapes

    pool.warm_up(documents=set(settings.report.formats) != {"results"})
    limits = pool.Limits(timeout=settings.run.timeout, memory=settings.run.memory)

    def ask(work: Callable[[Any], Any], job: Callable[[MarketPanel | StoredPanel], object]) -> dict[str, Any]:
        ended = pool.run_tasks(work, _tasks(source, job), jobs=jobs, limits=limits, stopping=stopping)
        return {done.key: done.answer.value for done in ended}

    choices = choose(
        lambda made, setting: ask(choice, lambda panel: ChoiceJob(panel=panel, settings=made, setting=setting)),
        settings,
    )
    settings = chosen(settings, choices)
    shapes: Shapes = ()
    shared = curve_is_shared(settings, source)
    if shared:
        found = search_shapes(
            lambda question: ask(shape, lambda panel: ShapeJob(panel=panel, settings=settings, question=question)),
            settings.panel.promotion,
            settings,
        )
        shapes = tuple(one for one in found if one.bend is not None)
    decay = None
    if is_shared(settings) and not stopping():
        decay = search_shared_decay(
            lambda decays: ask(
                profile, lambda panel: ProfileJob(panel=panel, settings=settings, decays=decays, shapes=shapes)
            ),
            settings.report.confidence,
        )
    # Some markets were not asked: a sum over the others would be another agreement.
    if stopping():
        return None
    # Through JSON and back: what is used now is then exactly what run.json will give to the next run.
    content = json.loads(json.dumps({
        "decay": None if decay is None else asdict(decay),
        "shapes": [asdict(one) for one in shapes] if shared else None,
        "choices": [asdict(one) for one in choices],
    }))  # fmt: skip
    return Agreed(key=key, **content)


def _tasks(source: Markets, job: Callable[[MarketPanel | StoredPanel], object]) -> Iterator[pool.Task]:
    for market in source.index.markets:
        panel = source.panel(market)
        if panel is not None:
            yield pool.Task(key=market, argument=job(panel))


def _key(source: Markets, stamp: Fingerprint) -> str:
    markets = sorted(source.index.markets.items())
    parts = [part for market, (data, _) in markets for part in (market, data)]
    return hash_strings((stamp.numbers, stamp.code, *parts))
