"""A folder of Parquet partitioned by market: every worker reads only its own market.

The run itself holds no data. Before anything is built, each market is read and checked once in a worker,
which sends back its data hash and what was found; these are remembered under a hash of the market's own
files, so a later run opens only files that changed. Hashes and results are those of reading all markets
at once. Rejected: taking the files' hash for the data's, which would build every market again after a
mere re-export, and finding bad markets only while building, where ``bad_markets = "refuse"`` promises
that nothing is built.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.inputs.source import Markets, Source
from reportgen.batch.inputs.stored_panel import StoredPanel, read_market
from reportgen.batch.state.files import sha256_file
from reportgen.batch.state.fingerprint import code_hash, hash_strings
from reportgen.batch.state.run_json import InputIndex
from reportgen.batch.workers import pool
from reportgen.errors import ContractError, ReadError
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.checking.checks import Checked
    from reportgen.panel.checking.contract import Finding, Panel
    from reportgen.panel.reading.raw import RawTable
    from reportgen.panel.reading.values.source_conventions import Conventions

_ADVICE = {
    "split-market": 'Give their folders one name, or set panel.spellings = "apart" if they are not the same.',
    "similar-market": "Give their folders one name if they mean the same.",
}
"""Of spellings in the names of folders, which no setting joins."""
_MOST_LINES = 20
_MAY_PASS = {"worker-crash", "timeout", "out-of-memory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectJob:
    """What a worker needs to check one market."""

    market: str
    root: Path
    settings: Settings
    files: tuple[Path, ...]
    conventions: Conventions


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What is kept of a checked market; ``warnings`` are (code, message)."""

    data_hash: str
    rows: int
    warnings: tuple[tuple[str, str], ...]


def inspect(job: InspectJob) -> Inspected:
    """Read and check one market; runs in a worker."""
    panel, findings = read_market(job.settings, job.root, job.market, job.files, job.conventions)
    said = tuple((finding.code, finding.message) for finding in findings if finding.severity == "warning")
    return Inspected(data_hash=panel.data_hash, rows=panel.rows_read, warnings=said)


def open_source(settings: Settings, root: Path, remembered: InputIndex | None, *, jobs: int) -> Markets:
    """Return the input of a run: by market where it is partitioned by market, else as one table.

    Raises
    ------
    ReadError
        If a folder holds no Parquet files.
    """
    if "://" not in settings.panel.source and (root / settings.panel.source).is_dir():
        from reportgen.panel.reading.read import list_markets

        try:
            files = list_markets(settings.panel, root)
            if files is not None:
                return PartitionedSource(settings, root, files, remembered, jobs=jobs)
        except OSError as error:
            name = Path(error.filename or settings.panel.source).name
            raise ReadError(
                f"{name}: the file cannot be read ({error.strerror}). Change its permissions, or export it again.",
                code="unreadable",
            ) from error
    return Source(settings, root, remembered)


def check_partitions(
    settings: Settings,
    root: Path,
    files: Mapping[str, tuple[Path, ...]],
    look: Callable[[Panel], None],
    see: Callable[[RawTable, Checked], None] | None = None,
) -> tuple[Finding, ...]:
    """Check market by market, holding one at a time; errors first, then each doubt once with the number of markets.

    ``look`` is shown each market as it was read (refused, where it cannot be), ``see`` all that was parsed of it.
    """
    from reportgen.panel.checking.contract import Finding, Panel, survey_panel
    from reportgen.panel.reading.read import read_table, survey_partitions

    # Of the whole folder before any market: a market alone may not show which sign is decimal.
    conventions = survey_partitions(settings, root, files)
    errors: list[Finding] = []
    others: dict[tuple[str, str | None], list[Finding]] = {}
    for market, own in files.items():
        try:
            raw = read_table(settings.panel, root, market, own)
            panel = survey_panel(replace(raw, source=f"{raw.source}, market {market}"), settings, conventions, see)
            found = panel.findings
        except ReadError as error:
            found = (
                Finding(
                    code=error.code, severity="error", column=None, market=market, count=1, rows=(),
                    message=error.message,
                ),
            )  # fmt: skip
            panel = Panel(markets={}, findings=found, refused={})
        look(panel if panel.markets or panel.refused else replace(panel, refused={market: found}))
        for finding in found:
            if finding.severity == "error":
                errors.append(replace(finding, market=market))
            else:
                others.setdefault((finding.code, finding.column), []).append(replace(finding, market=market))
    alike = [finding for _, finding in similar_markets(settings, root, files, conventions)]
    errors += [finding for finding in alike if finding.severity == "error"]
    alike = [finding for finding in alike if finding.severity != "error"]
    merged = sorted((_merge(same) for same in others.values()), key=lambda finding: finding.severity != "warning")
    return (*errors, *alike, *merged)


def similar_markets(
    settings: Settings, root: Path, files: Mapping[str, tuple[Path, ...]], conventions: Conventions
) -> list[tuple[tuple[str, ...], Finding]]:
    """What is to be said of markets whose codes look alike, with these: read together, a group of spellings at a time.

    Files that cannot be read are left to whoever reads their market.
    """
    import pandas as pd

    from reportgen.panel.checking.checks import run_checks
    from reportgen.panel.checking.findings import NO_ROWS, plural, word
    from reportgen.panel.checking.spellings import similar_names
    from reportgen.panel.reading.read import read_table

    found = []
    ask = settings.panel.model_copy(update={"spellings": "apart" if settings.panel.spellings == "apart" else "ask"})
    asking = settings.model_copy(update={"panel": ask})
    for group in similar_names(tuple(files)):
        with contextlib.suppress(ReadError, OSError):
            raws = [read_table(settings.panel, root, market, files[market]) for market in group]
            together = replace(raws[0], frame=pd.concat([raw.frame for raw in raws], ignore_index=True), ragged=())
            checked = run_checks(replace(together, lines=None), asking, conventions)
            for problem in checked.problems:
                if problem.code in {"split-market", "similar-market", "same-series"}:
                    text = problem.text.replace("{rows}", plural(problem.rows.size, "row"))
                    advice = _ADVICE.get(problem.code, problem.advice)
                    own = replace(problem, rows=NO_ROWS, text=text, advice=advice, count=problem.rows.size)
                    found.append((group, word(own, Path(settings.panel.source).name, NO_ROWS, None)))
    return found


def _merge(same: list[Finding]) -> Finding:
    """Return the first of several findings of one kind, counted over all markets."""
    if len(same) == 1:
        return same[0]
    first = same[0]
    text = f"{first.message}{_and_more(len(same))}"
    return replace(first, market=None, count=sum(finding.count for finding in same), message=text)


def _and_more(count: int) -> str:
    """How many markets more than the first one a finding is about."""
    if count < 2:
        return ""
    return " (and 1 more market)" if count == 2 else f" (and {count - 1:,} more markets)"


class PartitionedSource(Markets):
    """Markets with files of their own; none of them is held."""

    has_panels = True

    def __init__(
        self,
        settings: Settings,
        root: Path,
        files: Mapping[str, tuple[Path, ...]],
        remembered: InputIndex | None = None,
        *,
        jobs: int = 1,
    ) -> None:
        self.name = Path(settings.panel.source).name
        self._settings = settings
        self._root = root
        self._files = files
        self._jobs = jobs
        from reportgen.panel.reading.read import survey_partitions

        self._conventions = survey_partitions(settings, root, files)
        self._parts = self._hash_parts(files)
        self._key = hash_strings(tuple(text for part in self._parts.items() for text in part))
        self._last = remembered
        self._index = remembered if remembered is not None and remembered.key == self._key else None
        self._warnings: dict[str, list[str]] = {}
        self._unlucky = False

    @property
    def index(self) -> InputIndex:
        """Markets and data hashes, remembered or found now.

        Raises
        ------
        ContractError
            If a market breaks the contract or cannot be read, and bad markets are refused.
        """
        if self._index is None:
            self._index = self._inspect()
        return self._index

    def panel(self, market: str) -> StoredPanel:
        """Return where a worker finds the market's panel."""
        return StoredPanel(
            market=market,
            root=self._root,
            settings=self._settings,
            files=self._files[market],
            conventions=self._conventions,
            data_hash=self.index.markets[market][0],
        )

    def to_remember(self, last: InputIndex | None) -> InputIndex | None:
        """Return the index, unless a market could not be checked for reasons that may pass."""
        index = self.index
        return None if self._unlucky else index

    @property
    def remembered(self) -> bool:
        """Whether the markets are known without reading any."""
        return self._index is not None

    def warnings(self) -> tuple[str, ...]:
        """Return what was found doubtful in this run: the first market of each kind, and how many more there are."""
        return tuple(said[0] + _and_more(len(said)) for said in self._warnings.values())

    def changed_meanwhile(self) -> bool:
        """Return whether files are no longer those that were read."""
        from reportgen.panel.reading.read import list_markets

        try:
            return self._hash_parts(list_markets(self._settings.panel, self._root) or {}) != self._parts
        except OSError:
            return True

    def _hash_parts(self, files: Mapping[str, tuple[Path, ...]]) -> dict[str, str]:
        """Hash of each market's files and of what decides how they are read."""
        folder = self._root / self._settings.panel.source
        how = (
            self._settings.panel.model_dump_json(exclude={"source"}),
            folder.name,
            code_hash(),
            self._conventions.key,
        )
        return {
            market: hash_strings(
                (*how, *(text for file in own for text in (file.relative_to(folder).as_posix(), sha256_file(file))))
            )
            for market, own in files.items()
        }

    def _inspect(self) -> InputIndex:
        """Check the markets that are new or changed; take the others from the run before."""
        last = self._last or InputIndex(key="", markets={})
        known = {market for market, part in self._parts.items() if last.parts.get(market) == part}
        # A market's own part of the key covers its files, the settings of reading and the conventions of the whole
        # folder: with the same part its rows and findings are the same.
        markets = {market: entry for market, entry in last.markets.items() if market in known}
        refused = {market: entry for market, entry in last.refused.items() if market in known}
        jobs = (
            pool.Task(
                key=market,
                argument=InspectJob(
                    market=market, root=self._root, settings=self._settings, files=files, conventions=self._conventions
                ),
            )
            for market, files in self._files.items()
            if market not in markets and market not in refused
        )
        run = self._settings.run
        limits = pool.Limits(timeout=run.timeout, memory=run.memory)
        for done in pool.run_tasks(inspect, jobs, jobs=self._jobs, limits=limits):
            if done.answer.failure is not None:
                refused[done.key] = (done.answer.failure.code, done.answer.failure.message)
                # A worker that died or a disk that hiccupped says nothing of the data: the market is asked again next
                # time.
                self._unlucky |= done.answer.failure.code in _MAY_PASS or done.answer.failure.retry
                continue
            found: Inspected = done.answer.value
            markets[done.key] = (found.data_hash, found.rows)
            for code, message in found.warnings:
                self._warnings.setdefault(code, []).append(message)
        # Spellings are compared over all markets, so it takes the run itself: no worker sees more than one.
        for group, finding in similar_markets(self._settings, self._root, self._files, self._conventions):
            if finding.severity == "error":
                # None of the spellings holds the whole of the market; and this is not remembered, since it may pass
                # without a change of their own files.
                self._unlucky = True
                refused |= dict.fromkeys(group, (finding.code, finding.message))
                markets = {market: entry for market, entry in markets.items() if market not in group}
            else:
                self._warnings.setdefault(finding.message, []).append(finding.message)
        if refused and (self._settings.panel.bad_markets == "refuse" or not markets):
            raise self._refusal(refused, len(markets))
        return InputIndex(
            key=self._key, markets=dict(sorted(markets.items())), refused=dict(sorted(refused.items())),
            parts=self._parts,
        )  # fmt: skip

    def _refusal(self, refused: Mapping[str, tuple[str, str]], good: int) -> ContractError:
        lines = list(
            dict.fromkeys(line for _, (_, message) in sorted(refused.items()) for line in message.splitlines())
        )
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES:,} more problems."]
        if good:
            from reportgen.panel.checking.findings import not_affected

            lines.append(not_affected(good, good + len(refused)))
        return ContractError("\n".join(lines), code=min(refused.items())[1][0])
