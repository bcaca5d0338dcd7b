"""One run over all markets: read, plan, build, account, overview.

The order matters: the input is read and checked before anything is created, the lock is taken
before anything is changed, and run.json is written after everything it speaks of. What one market
needs is in ``market.py``, how processes are kept apart in ``workers/pool.py``, why a market is built in
``plan.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen.batch.account import account
from reportgen.batch.inputs.agreed import agree, are_asked
from reportgen.batch.inputs.partition import open_source
from reportgen.batch.inputs.source import Markets, StoredMarkets
from reportgen.batch.market import MarketJob, build_market
from reportgen.batch.plan import PlannedMarket, plan_market
from reportgen.batch.request import Request
from reportgen.batch.run_state import Run, Work, resolve_as_of
from reportgen.batch.state import files, swap
from reportgen.batch.state.fingerprint import calibrated, fingerprint
from reportgen.batch.state.lock import hold_lock
from reportgen.batch.state.outcome import MarketOutcome, Progress, RunResult, Silent
from reportgen.batch.state.ownership import refuse_foreign_output
from reportgen.batch.state.record import MarketRecord
from reportgen.batch.state.run_json import Agreed, read_last_run
from reportgen.batch.workers import pool
from reportgen.batch.workers.interrupt import Interrupts
from reportgen.batch.workers.warm_up import warm_up
from reportgen.report.words.language import untranslated
from reportgen.settings.calibration import refuse_unknown
from reportgen.settings.sections import Settings


def build(
    settings: Settings,
    root: Path,
    request: Request | None = None,
    *,
    progress: Progress | None = None,
    work: Work = build_market,
) -> RunResult:
    """Build every selected market that is not up to date, then the site.

    Parameters
    ----------
    settings
        All settings, command line and environment already applied.
    root
        Folder that relative paths in the settings start from.
    work
        What a worker does with one :class:`MarketJob`; an importable function.

    Raises
    ------
    InputError, ConfigError, UsageError, NothingSelectedError, LockedError, EnvironmentMissing
        Before anything was built. Failures of single markets are outcomes, not errors.
    """
    start = time.monotonic()
    progress = progress or Silent()
    progress.stage("reading")
    run = Run(settings, root, request or Request(), progress, work)
    refuse_foreign_output(settings, root, run.out)
    run.last = read_last_run(run.out)
    source = open_source(settings, root, run.last.index, jobs=settings.run.jobs or pool.cores())
    # The table is about to be read, so something will probably be built: the fork server loads meanwhile.
    if not source.remembered:
        warm_up(settings)
    return _go(run, source, start)


def render(
    settings: Settings,
    root: Path,
    request: Request | None = None,
    *,
    progress: Progress | None = None,
    work: Work = build_market,
) -> RunResult:
    """Make the documents of every selected complete market again from its results.json, then the site.

    Parameters and errors are those of :func:`build`; no data is read and nothing is fitted.
    """
    start = time.monotonic()
    run = Run(settings, root, request or Request(), progress or Silent(), work)
    refuse_foreign_output(settings, root, run.out)
    run.last = read_last_run(run.out)
    return _go(run, StoredMarkets(run.out, run.last.departed), start)


def _go(run: Run, source: Markets, start: float) -> RunResult:
    run.source = source
    run.stamp = fingerprint(run.settings, run.root)
    index = run.source.index
    # Refused markets are markets: they can be selected, and what is wrong with them is told.
    everything = tuple(sorted({*index.markets, *index.refused}))
    chosen = run.request.markets(everything, run.last.statuses)
    if source.has_panels:
        refuse_unknown(run.settings, everything)
        run.look_for_gone(everything)
    else:  # the data are not looked at: what waits for an answer goes on waiting
        run.gone = run.last.gone
    if run.request.dry_run:
        run.agreed = _agreed(run)
        plans = _plan(run, chosen)
        return RunResult(
            out=run.out,
            index=None,
            markets=tuple(_planned(plan) for plan in plans),
            seconds=time.monotonic() - start,
            response=run.settings.model.scale,
            dry_run=True,
            gone=run.gone if run.source.has_panels else None,
            warnings=tuple(_warnings(run, plans)),
        )
    with hold_lock(run.out), Interrupts() as interrupts:
        return _locked(run, chosen, interrupts, start)


def _locked(run: Run, chosen: Sequence[str], interrupts: Interrupts, start: float) -> RunResult:
    """Do the part of a run that changes the output folder."""
    swap.work_folder(run.out)
    swap.recover(run.out)
    run.agreed = _agreed(run, interrupts.stopping)
    run.settle()
    plans = _plan(run, chosen)
    run.warnings += _warnings(run, plans)
    interrupted = False
    try:
        _build_all(run, plans, interrupts)
    except KeyboardInterrupt:
        interrupted = True
    # From here to the end of the account signals are only counted: half of it would be worse than none.
    interrupts.shield()
    for plan in plans:
        # What the interruption left over: not run, with the report it has.
        run.outcomes.setdefault(plan.market, _kept(plan, "not-run"))
    # Asked only where something was built: a run with nothing to do does not read the input twice.
    run.changed = run.source.changed_meanwhile() if any(plan.reason != "up-to-date" for plan in plans) else False
    if run.changed:
        run.warnings.append(
            f"{run.source.name} changed while it was being used: build again to bring the reports up to date."
        )
    result = RunResult(
        out=run.out,
        index=None,
        markets=tuple(run.outcomes[market] for market in sorted(run.outcomes)),
        seconds=time.monotonic() - start,
        response=run.settings.model.scale,
        interrupted=interrupted or interrupts.stopping(),
        warnings=(*run.source.warnings(), *run.warnings),
        gone=run.gone if run.source.has_panels else None,
    )
    return account(run, result, start, at_once=interrupted)


def _warnings(run: Run, plans: Sequence[PlannedMarket]) -> list[str]:
    """Return what is to be said before anything is built: documents left out or removed, words nobody translated."""
    said = run.formats.warnings(plans)
    if run.formats.asked != {"results"} and any(plan.reason != "up-to-date" for plan in plans):
        report = run.settings.report
        said += filter(None, map(untranslated, dict.fromkeys((report.locale, *dict(report.locales).values()))))
    return said


def _plan(run: Run, chosen: Sequence[str]) -> list[PlannedMarket]:
    index = run.source.index

    def plan(market: str) -> PlannedMarket:
        stamp = run.source.stamp(market, run.stamp)
        if run.source.has_panels:
            stamp = calibrated(stamp, run.settings, market)
        planned = plan_market(
            run.out,
            market,
            stamp if run.agreed is None else run.agreed.mixed_into(stamp),
            rows=index.markets.get(market, ("", 0))[1],
            formats=run.formats,
            last=run.last,
            force=run.request.force,
        )
        return replace(planned, reason="refused") if market in index.refused else planned

    return files.in_threads(plan, chosen)


def _build_all(run: Run, plans: Sequence[PlannedMarket], interrupts: Interrupts) -> None:
    index = run.source.index
    for plan in plans:
        if plan.reason == "up-to-date" and plan.record is not None:
            run.outcomes[plan.market] = _kept(plan, "up-to-date")
            # Its files were compared with their hashes just now: the site need not read them again.
            run.verified[plan.market] = plan.record
        elif plan.reason == "refused":
            code, message = index.refused[plan.market]
            run.outcomes[plan.market] = _failed(plan, code, message)
        elif not plan.reuse and not run.source.has_panels:
            message = "results.json is missing or damaged: build the market again."
            run.outcomes[plan.market] = _failed(plan, "results-damaged", message)
    todo = {plan.market: plan for plan in plans if plan.market not in run.outcomes}
    run.progress.started(len(todo), sum(plan.reason == "up-to-date" for plan in plans))
    for outcome in run.outcomes.values():
        if outcome.action == "failed":
            run.progress.market_done(outcome)
    if not todo:
        return
    warm_up(run.settings)
    jobs = min(run.settings.run.jobs or pool.cores(), len(todo))
    limits = pool.Limits(timeout=run.settings.run.timeout, memory=run.settings.run.memory)

    def stopping() -> bool:
        failures = sum(outcome.action == "failed" for outcome in run.outcomes.values())
        most = 1 if run.request.fail_fast else run.request.max_failures
        return interrupts.stopping() or bool(most and failures >= most)

    tasks = _tasks(run, todo)
    if run.request.scheduler:
        from reportgen.batch.workers.cluster import run_on_cluster

        ended = run_on_cluster(run.work, tasks, address=run.request.scheduler, limits=limits, stopping=stopping)
    else:
        ended = pool.run_tasks(run.work, tasks, jobs=jobs, limits=limits, stopping=stopping)
    try:
        for done in ended:
            outcome = _outcome(todo[done.key], done)
            run.outcomes[done.key] = outcome
            run.progress.market_done(outcome)
    finally:
        # However the loop ends, Ctrl-C included: closing the generator kills the workers.
        ended.close()


def _agreed(run: Run, stopping: Callable[[], bool] = lambda: False) -> Agreed | None:
    """What the markets agree on, where they are asked: before anything is planned, since all depend on it."""
    if not are_asked(run.settings, run.source):
        return None
    run.progress.stage("agreeing")
    jobs = run.settings.run.jobs or pool.cores()
    return agree(run.settings, run.source, run.stamp, run.last.agreed, jobs=jobs, stopping=stopping)


def _tasks(run: Run, todo: dict[str, PlannedMarket]) -> Iterator[pool.Task]:
    """Yield the largest market first: the last worker to finish should not have the longest task."""
    as_of = resolve_as_of(run.settings)
    choices = () if run.agreed is None else run.agreed.setting_choices()
    decay = None if run.agreed is None else run.agreed.shared_decay()
    shapes = None if run.agreed is None else run.agreed.shared_shapes()
    # Longest processing time first (Graham 1969); rows stand for time, the code breaks ties the same way everywhere.
    for plan in sorted(todo.values(), key=lambda plan: (-plan.rows, plan.market)):
        job = MarketJob(
            market=plan.market,
            folder=run.out / "markets" / plan.slug,
            root=run.root,
            settings=run.settings,
            as_of=as_of,
            stamp=plan.stamp,
            formats=plan.formats,
            panel=None if plan.reuse else run.source.panel(plan.market),
            shared_decay=decay,
            shapes=shapes,
            choices=choices,
            idle_cores=not run.request.scheduler and len(todo) < (run.settings.run.jobs or pool.cores()),
        )
        yield pool.Task(key=plan.market, argument=job)


def _outcome(plan: PlannedMarket, done: pool.Done) -> MarketOutcome:
    answer = done.answer
    if answer.failure is not None:
        failed = _failed(plan, answer.failure.code, answer.failure.message)
        return replace(failed, seconds=answer.seconds, attempts=done.attempts, trace=answer.failure.trace)
    built: MarketRecord = answer.value
    return MarketOutcome(
        market=plan.market,
        slug=plan.slug,
        action="built",
        reason=plan.reason,
        seconds=answer.seconds,
        attempts=done.attempts,
        headline=built.headline,
    )


def _failed(plan: PlannedMarket, code: str, message: str) -> MarketOutcome:
    kept = _kept(plan, "failed")
    return replace(kept, code=code, message=message, stale_since=plan.record.as_of if plan.record else "")


def _kept(plan: PlannedMarket, action: Any) -> MarketOutcome:
    return MarketOutcome(
        market=plan.market,
        slug=plan.slug,
        action=action,
        reason=plan.reason,
        headline=plan.record.headline if plan.record else None,
    )


def _planned(plan: PlannedMarket) -> MarketOutcome:
    return _kept(plan, "up-to-date" if plan.reason == "up-to-date" else "planned")
