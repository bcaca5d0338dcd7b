"""The end of a run: the site where something changed, run.json, the result.

A run that did nothing writes nothing. run.json is written last, after everything it speaks of.
"""

from __future__ import annotations

import time
from dataclasses import replace

from reportgen.batch.run_state import Run, resolve_as_of
from reportgen.batch.site import refresh
from reportgen.batch.site.build import GONE
from reportgen.batch.state.outcome import RunResult
from reportgen.batch.state.run_json import write_run
from reportgen.errors import cannot_write


def account(run: Run, result: RunResult, start: float, *, at_once: bool) -> RunResult:
    """Build the site where something changed, and write run.json; a run that did nothing writes nothing."""
    index = run.source.index
    kept = run.gone.kept if run.gone is not None else ()
    site = refresh.SiteState(changed=False)
    try:
        # After a second Ctrl-C nothing more is begun; a shard has no site of its own.
        if not at_once and run.request.shard is None:
            run.progress.stage("site")
            site = refresh.refresh_site(
                run.out,
                run.root,
                run.settings,
                as_of=resolve_as_of(run.settings),
                markets=tuple(sorted({*index.markets, *index.refused, *kept})),
                failed=_failures(run, result),
                run_stamp=run.stamp,
                before=run.last.headlines,
                verified=run.verified,
            )
        if site.failure is not None:
            result = replace(result, site_error=site.failure.message, site_trace=site.failure.trace)
        page = run.out / refresh.FOLDER / "index.html"
        result = replace(result, index=page if page.is_file() else None, seconds=time.monotonic() - start)
        # Hashes of an input that changed while it was read belong to no file: the next run reads it anew.
        remembered = None if run.changed else run.source.to_remember(run.last.index)
        idle = result.count("up-to-date") == len(result.markets) and not site.changed
        agreed = run.agreed or run.last.agreed
        if not idle or run.last.index != remembered or run.last.agreed != agreed:
            write_run(
                run.out, result, last=run.last, run_stamp=run.stamp, source=run.source.name, index=remembered,
                agreed=agreed, headlines=site.headlines or run.last.headlines, gone=run.gone,
                departed=_departed(run, site),
            )  # fmt: skip
    except OSError as error:
        raise cannot_write(run.settings.run.out, error) from error
    return result


def _failures(run: Run, result: RunResult) -> dict[str, refresh.FailedMarket]:
    """Return the markets of the input whose last build failed, in this run or an earlier one."""
    present = {*run.source.index.markets, *run.source.index.refused}
    touched = {outcome.market for outcome in result.markets if outcome.action in {"built", "up-to-date", "failed"}}
    failed = {
        market: refresh.FailedMarket(code=entry["code"], message=entry["message"])
        for market, entry in run.last.failures.items()
        if market in present and market not in touched
    }
    for outcome in result.markets:
        if outcome.action == "failed":
            failed[outcome.market] = refresh.FailedMarket(
                code=outcome.code, message=outcome.message, stale_since=outcome.stale_since
            )
    # A market that waits for an answer is shown like one whose build failed: with its last report and its date.
    for market in run.gone.kept if run.gone is not None else ():
        failed[market] = refresh.FailedMarket(code=GONE, message="The market is no longer in the data.")
    return dict(sorted(failed.items()))


def _departed(run: Run, site: refresh.SiteState) -> tuple[str, ...]:
    """Return the markets whose reports have left the site and whose folders are still there."""
    left = set(run.last.departed)
    if run.gone is not None and site.headlines is not None and site.failure is None:
        left |= set(run.gone.names) - set(run.gone.kept)
    return tuple(sorted(left - {*run.source.index.markets, *run.source.index.refused}))
