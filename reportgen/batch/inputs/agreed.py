"""What the markets of a run agree on before any is built, or what was remembered: one decay, how responses flatten.

Every round of a search is one task per market in the worker processes; what a task sends back is a handful of
numbers. The agreement depends on the data of all markets, so where it is more than straight lines it is part of every
market's fingerprint, and it is kept in run.json under a key over all of them: a run with nothing to do still reads
no panel. A market that cannot answer counts in no sum; what is wrong with it is said when it is built.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reportgen.batch.inputs.stored_panel import StoredPanel, open_panel
from reportgen.batch.state.fingerprint import Fingerprint, hash_strings
from reportgen.batch.state.run_json import Agreed
from reportgen.batch.workers import pool
from reportgen.batch.workers.warm_up import warm_up
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import CURVE_SHARED_FROM

if TYPE_CHECKING:
    from reportgen.batch.inputs.source import Markets
    from reportgen.panel.grid import MarketPanel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What a worker asks of one market: ``ask`` is a function of the statistics, called with the panel and the rest."""

    ask: Callable[..., Any]
    panel: MarketPanel | StoredPanel
    rest: tuple[object, ...]


def answer(question: Question) -> Any:
    """Return what one market says; runs in a worker."""
    return question.ask(open_panel(question.panel), *question.rest)


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
    ask: Callable[..., dict[str, Any]] | None = None,
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
    ask
        Calls a function of the statistics with every market's panel and further arguments, and returns what each says;
        by default in worker processes.
    """
    key = _key(source, stamp)
    if last is not None and last.key == key:
        return last
    from reportgen.model.agreed.choices import choose, chosen, market_gains
    from reportgen.model.agreed.decay import market_profile, search_shared_decay
    from reportgen.model.agreed.shape import market_shape, search_shapes

    ask = ask or _in_workers(settings, source, jobs, stopping)
    choices = choose(lambda made, setting: ask(market_gains, made, setting), settings)
    settings = chosen(settings, choices)
    shapes, decay = None, None
    if curve_is_shared(settings, source):
        found = search_shapes(
            lambda question: ask(market_shape, settings, question), settings.panel.promotion, settings
        )
        shapes = tuple(one for one in found if one.bend is not None)
    if is_shared(settings):
        decay = search_shared_decay(
            lambda decays: ask(market_profile, settings, decays, shapes or ()), settings.report.confidence
        )
    # Some markets were not asked: a sum over the others would be another agreement.
    if stopping():
        return None
    # Through JSON and back: what is used now is then exactly what run.json will give to the next run.
    content = json.loads(json.dumps({
        "decay": None if decay is None else asdict(decay),
        "shapes": None if shapes is None else [asdict(one) for one in shapes],
        "choices": [asdict(one) for one in choices],
    }))  # fmt: skip
    return Agreed(key=key, **content)


def _in_workers(
    settings: Settings, source: Markets, jobs: int, stopping: Callable[[], bool]
) -> Callable[..., dict[str, Any]]:
    warm_up(settings)

    def ask(what: Callable[..., Any], *rest: object) -> dict[str, Any]:
        return ask_markets(source.index.markets, what, rest, settings, source, jobs=jobs, stopping=stopping)

    return ask


def ask_markets(
    markets: Iterable[str],
    what: Callable[..., Any],
    rest: tuple[object, ...],
    settings: Settings,
    source: Markets,
    *,
    jobs: int,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Return what ``what`` says of each market's panel and the ``rest``, called in worker processes."""
    tasks = (
        pool.Task(key=market, argument=Question(ask=what, panel=panel, rest=rest))
        for market in markets
        if (panel := source.panel(market)) is not None
    )
    limits = pool.Limits(timeout=settings.run.timeout, memory=settings.run.memory)
    ended = pool.run_tasks(answer, tasks, jobs=jobs, limits=limits, stopping=stopping)
    return {done.key: done.answer.value for done in ended}


def _key(source: Markets, stamp: Fingerprint) -> str:
    markets = sorted(source.index.markets.items())
    parts = [part for market, (data, _) in markets for part in (market, data)]
    return hash_strings((stamp.numbers, stamp.code, *parts))
