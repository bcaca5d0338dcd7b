"""``merge``: the shards of a run become one output folder with its site and run.json.

Shards are for schedulers that start independent jobs on shared storage (Slurm arrays, Kubernetes indexed jobs,
CI matrices). Which shard a market belongs to follows from its code alone, so shards need not talk to each other, and
a shard that is started again goes on where it stopped. Merging checks every hash and swaps folders in as a build
does; afterwards the folder cannot be told from one that a single run made. Merging again does nothing; a shard whose
folders are damaged is refused before anything is changed. Rejected: one folder for all shards, which would need a
lock that network file systems do not keep.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from reportgen.batch.account import account
from reportgen.batch.inputs.source import StoredMarkets
from reportgen.batch.market import build_market
from reportgen.batch.request import FOLDER, Request
from reportgen.batch.run_state import Run
from reportgen.batch.state import files, record, run_json, swap
from reportgen.batch.state.fingerprint import fingerprint
from reportgen.batch.state.lock import hold_lock
from reportgen.batch.state.outcome import MarketOutcome, Progress, RunResult, Silent
from reportgen.batch.state.ownership import refuse_foreign_output
from reportgen.batch.state.run_json import InputIndex, LastRun, read_last_run
from reportgen.batch.workers.interrupt import Interrupts
from reportgen.errors import InputError, UsageError
from reportgen.settings.sections import Settings


class _ShardMarkets(StoredMarkets):
    """The markets of all shards; the input is what the shards remember of it."""

    def __init__(self, records: dict[str, record.MarketRecord], shards: list[LastRun]) -> None:
        self.name = "shards"
        self._records = records
        remembered = [last.index for last in shards]
        first = remembered[0]
        # Only if all shards saw the same input is what they remember of it the truth about it.
        self._index = first if first is not None and all(index == first for index in remembered) else None

    @property
    def index(self) -> InputIndex:
        """Markets and data hashes as the shards remember them, else those of their records."""
        return super().index if self._index is None else self._index

    def to_remember(self, last: InputIndex | None) -> InputIndex | None:
        """Return what the shards remember, if they agree."""
        return self._index


def merge(
    settings: Settings, root: Path, request: Request | None = None, *, progress: Progress | None = None
) -> RunResult:
    """Join the shards below ``run.out`` into ``run.out``.

    Raises
    ------
    UsageError
        If a shard is missing or has not finished.
    InputError
        If a shard's folder is damaged, or its run.json is.
    LockedError, EnvironmentMissing
        As for a build.
    """
    start = time.monotonic()
    run = Run(settings, root, request or Request(), progress or Silent(), build_market)
    refuse_foreign_output(settings, root, run.out)
    run.last = read_last_run(run.out)
    folders = _shard_folders(run.out)
    sources: dict[str, tuple[Path, record.MarketRecord]] = {}
    lasts = []
    for shard in folders:
        if record.unseal(shard / run_json.NAME) is None:
            raise InputError(f"{shard.name}: run.json is damaged; build this shard again.", code="shard-damaged")
        lasts.append(read_last_run(shard))
        # Every hash is compared before the output is touched: a damaged shard stops the merge with nothing changed.
        sources |= _complete_folders(shard)
    run.source = _ShardMarkets({market: found for market, (_, found) in sources.items()}, lasts)
    run.stamp = fingerprint(settings, root)
    # Shards that saw other data agreed on something else: then the next build asks the markets again.
    run.agreed = lasts[0].agreed if all(last.agreed == lasts[0].agreed for last in lasts) else None
    run.settle()
    with hold_lock(run.out), Interrupts() as interrupts:
        swap.work_folder(run.out)
        swap.recover(run.out)
        for market, (folder, found) in sorted(sources.items()):
            if interrupts.stopping():
                break
            changed = _take_over(folder, run.out / "markets" / found.slug, found)
            run.outcomes[market] = MarketOutcome(
                market=market,
                slug=found.slug,
                action="built" if changed else "up-to-date",
                reason="new" if changed else "up-to-date",
                headline=found.headline,
            )
        for last in lasts:
            for market, failure in last.failures.items():
                run.outcomes[market] = _failed(run.out, market, failure["code"], failure["message"])
        run.look_for_gone({*run.source.index.markets, *run.source.index.refused, *run.outcomes})
        interrupts.shield()
        result = RunResult(
            out=run.out,
            index=None,
            markets=tuple(run.outcomes[market] for market in sorted(run.outcomes)),
            seconds=time.monotonic() - start,
            response=run.settings.model.scale,
            interrupted=interrupts.stopping(),
            gone=run.gone,
        )
        return account(run, result, start, at_once=False)


def _complete_folders(shard: Path) -> dict[str, tuple[Path, record.MarketRecord]]:
    """Return the complete market folders of a shard by market code.

    Raises
    ------
    InputError
        If a folder has no valid record, or a file that does not match it.
    """
    found = {shard / "markets" / one.slug: one for one in record.complete_markets(shard).values()}
    for folder in sorted((shard / "markets").glob("*")):
        if folder not in found or record.damaged_files(folder, found[folder]):
            raise InputError(
                f"{shard.name}: the folder {folder.name} is damaged; build this shard again.", code="shard-damaged"
            )
    return {one.market: (folder, one) for folder, one in found.items()}


def _failed(out: Path, market: str, code: str, message: str) -> MarketOutcome:
    slug = files.slug(market)
    kept = record.read_record(out / "markets" / slug)
    return MarketOutcome(
        market=market,
        slug=slug,
        action="failed",
        reason="failed-before",
        headline=kept.headline if kept else None,
        code=code,
        message=message,
        stale_since=kept.as_of if kept else "",
    )


def _shard_folders(out: Path) -> tuple[Path, ...]:
    """Return the output folders of the shards of ``out``, in order.

    Raises
    ------
    UsageError
        If there are none, they belong to different counts, or one is missing.
    """
    found = sorted((out / FOLDER).glob("*-of-*"))
    counts = {folder.name.partition("-of-")[2] for folder in found}
    if not found:
        raise UsageError(f"{out.name}: there are no shards to merge; build them with --shard i/n.", code="no-shards")
    if len(counts) > 1:
        raise UsageError(f"{out.name}: shards of different counts: {', '.join(sorted(counts))}.", code="mixed-shards")
    count = int(counts.pop())
    missing = [str(i) for i in range(1, count + 1) if not (out / FOLDER / f"{i}-of-{count}" / "run.json").is_file()]
    if missing:
        raise UsageError(f"{out.name}: shard {', '.join(missing)} of {count} has not finished.", code="missing-shards")
    return tuple(out / FOLDER / f"{i}-of-{count}" for i in range(1, count + 1))


def _take_over(source: Path, final: Path, found: record.MarketRecord) -> bool:
    """Make a complete market folder of a shard the market's folder; return whether anything had to be done."""
    if record.read_record(final) == found and not record.damaged_files(final, found):
        return False
    out, place = final.parent.parent, f"markets/{final.name}"
    folder = swap.draft_folder(out, place)
    try:
        for name in (*(name for name, _ in found.files), record.NAME):
            target = folder / name
            # Copied, not moved: a merge that is killed can be run again, and shards may lie on another file system.
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, target)
            files.sync_file(target)
        swap.swap_in(folder, out, place)
    except BaseException:
        files.discard(folder)
        raise
    return True
