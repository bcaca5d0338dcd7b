"""The decay that all markets share (``adstock.scope = "all"``): estimated before any market is built, or remembered.

Every round of the search is one task per market in the worker processes; what a task sends back is a
handful of numbers. The decay depends on the data of all markets, so it is part of every market's
fingerprint, and it is kept in run.json under a key over all of them: a run with nothing to do
still reads no panel. A market whose profile cannot be made counts in no sum; what is wrong with it is
said when it is built.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from reportgen.batch.inputs.stored_panel import StoredPanel, open_panel
from reportgen.batch.state.fingerprint import Fingerprint, hash_strings
from reportgen.batch.state.run_json import RememberedDecay
from reportgen.batch.workers import pool
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.batch.inputs.source import Markets
    from reportgen.panel.grid import MarketPanel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileJob:
    """What a worker needs for one market's profile."""

    panel: MarketPanel | StoredPanel
    settings: Settings
    decays: tuple[float, ...]


def profile(job: ProfileJob) -> tuple[float, ...] | None:
    """Return one market's log-likelihood at every decay asked for; runs in a worker."""
    from reportgen.model.market.shared_decay import market_profile

    return market_profile(open_panel(job.panel), job.settings, job.decays)


def is_shared(settings: Settings) -> bool:
    """Return whether one decay is to be estimated for all markets."""
    return settings.adstock.scope == "all" and settings.adstock.decay == "estimate"


def shared_decay(
    settings: Settings,
    source: Markets,
    stamp: Fingerprint,
    last: RememberedDecay | None,
    *,
    jobs: int,
    stopping: Callable[[], bool] = lambda: False,
) -> RememberedDecay | None:
    """Return the shared decay of all markets of the input; None where decays are not shared.

    Parameters
    ----------
    stamp
        Of the run: settings and code decide the decay, too.
    last
        What the run before remembered.
    stopping
        Once true, no further market is asked; the decay is then not known and None.
    """
    if not is_shared(settings) or not source.has_panels:
        return None
    key = _key(source, stamp)
    if last is not None and last.key == key:
        return last
    from reportgen.model.market.shared_decay import Profiles, search_shared_decay

    pool.warm_up(documents=set(settings.report.formats) != {"results"})
    limits = pool.Limits(timeout=settings.run.timeout, memory=settings.run.memory)

    def evaluate(decays: tuple[float, ...]) -> Profiles:
        tasks = (
            pool.Task(key=market, argument=ProfileJob(panel=panel, settings=settings, decays=decays))
            for market in source.index.markets
            if (panel := source.panel(market)) is not None
        )
        ended = pool.run_tasks(profile, tasks, jobs=jobs, limits=limits, stopping=stopping)
        # A failed task has no value: its market counts in no sum.
        return {done.key: done.answer.value for done in ended}

    found = search_shared_decay(evaluate, settings.report.confidence)
    # Some markets were not asked: a sum over the others would be another market's decay.
    if stopping():
        return None
    # Through JSON and back: the decay used now is then exactly the one that run.json will give to the next run.
    return RememberedDecay(key=key, content=None if found is None else json.loads(json.dumps(asdict(found))))


def _key(source: Markets, stamp: Fingerprint) -> str:
    markets = sorted(source.index.markets.items())
    parts = [part for market, (data, _) in markets for part in (market, data)]
    return hash_strings((stamp.numbers, stamp.code, *parts))
