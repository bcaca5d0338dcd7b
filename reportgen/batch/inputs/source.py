"""The input of a run: which markets it has, what each one's data hash is, and their panels on demand.

Reading a large table costs more than everything else of a run that has nothing to do. So the data
hashes of all markets are kept in run.json under a key that covers the input's bytes and everything
that decides how they are read; while the key fits, nothing is parsed. A source without bytes to
hash (a database) has no key and is read every time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reportgen.batch.state.files import sha256_file
from reportgen.batch.state.fingerprint import Fingerprint, code_hash, hash_strings
from reportgen.batch.state.record import complete_markets
from reportgen.batch.state.run_json import InputIndex
from reportgen.errors import NothingSelectedError
from reportgen.settings.sections import PanelSettings, Settings

if TYPE_CHECKING:
    from reportgen.batch.inputs.stored_panel import StoredPanel
    from reportgen.panel.checking.contract import MarketPanel, Panel


class Markets(Protocol):
    """Where the markets of a run come from: a table, or the results of earlier runs."""

    name: str
    """What run.json calls it: a base name, never a path or an address."""
    has_panels: bool
    """Whether ``panel`` returns panels."""

    @property
    def remembered(self) -> bool:
        """Whether the markets are known without reading anything."""

    @property
    def index(self) -> InputIndex:
        """Markets and their data hashes."""

    def stamp(self, market: str, run_stamp: Fingerprint) -> Fingerprint:
        """Return what the market's folder is to be made from: here, with the market's data hash ("" if refused)."""
        return replace(run_stamp, data=self.index.markets.get(market, ("", 0))[0])

    def panel(self, market: str) -> MarketPanel | StoredPanel | None:
        """Return the market's panel, or where a worker finds it; None without ``has_panels``."""

    def to_remember(self, last: InputIndex | None) -> InputIndex | None:
        """Return the index that the next run may trust."""

    def warnings(self) -> tuple[str, ...]:
        """Return what was found doubtful in the input."""

    def changed_meanwhile(self) -> bool:
        """Return whether the input is no longer what was read."""


class Source(Markets):
    """One table, parsed at most once and only when a panel is needed."""

    has_panels = True

    def __init__(self, settings: Settings, root: Path, remembered: InputIndex | None = None) -> None:
        source = settings.panel.source
        self.name = "database" if "://" in source else Path(source).name
        self._settings = settings
        self._root = root
        self._panel: Panel | None = None
        self._key = input_key(settings.panel, root)
        # An empty key (a database) stands for nothing and matches nothing.
        self._index = remembered if remembered is not None and remembered.key == self._key != "" else None

    @property
    def index(self) -> InputIndex:
        """Markets and data hashes, remembered or read now.

        Raises
        ------
        InputError
            If the input cannot be read or breaks the contract.
        """
        if self._index is None:
            self._index = _index_of(self._read(), self._key)
        return self._index

    def panel(self, market: str) -> MarketPanel | None:
        """Return the market's panel; the table is read now if it was not yet."""
        panels: Mapping[str, MarketPanel] = self._read().markets
        return panels[market]

    def to_remember(self, last: InputIndex | None) -> InputIndex | None:
        """Return the index, unless the input cannot be hashed."""
        return self.index if self._key else None

    @property
    def remembered(self) -> bool:
        """Whether the markets are known without reading the table."""
        return self._index is not None

    def warnings(self) -> tuple[str, ...]:
        """Return what the data contract found doubtful, and rows of no market, if the table was read in this run."""
        if self._panel is None:
            return ()
        # Errors of refused markets are told as failures of these; what remains are rows that belong to no market.
        told = {finding.code for refused in self._panel.refused.values() for finding in refused}
        return tuple(
            finding.message
            for finding in self._panel.findings
            if finding.severity == "warning" or (finding.severity == "error" and finding.code not in told)
        )

    def changed_meanwhile(self) -> bool:
        """Return whether the input's bytes are no longer those that were read."""
        return input_key(self._settings.panel, self._root) != self._key

    def _read(self) -> Panel:
        if self._panel is None:
            from reportgen.panel.checking.contract import validate_panel
            from reportgen.panel.reading.read import read_table

            self._panel = validate_panel(read_table(self._settings.panel, self._root), self._settings)
            give_back_memory()
        return self._panel


class StoredMarkets:
    """The complete market folders of an output folder: what ``render`` starts from.

    ``departed`` are markets whose reports left the site because the data no longer have them.
    """

    has_panels = False
    remembered = True

    def __init__(self, out: Path, departed: Collection[str] = ()) -> None:
        self.name = "results.json"
        found = complete_markets(out)
        self._records = {market: found[market] for market in found if market not in departed}
        if not self._records:
            raise NothingSelectedError(
                f"{out.name}: there are no results to render. Build first.", code="nothing-built"
            )

    @property
    def index(self) -> InputIndex:
        """Markets and the data hashes their results were made from."""
        return InputIndex(
            key="", markets={name: (found.stamp.data, 0) for name, found in sorted(self._records.items())}
        )

    def stamp(self, market: str, run_stamp: Fingerprint) -> Fingerprint:
        """Return the run's way to make documents over the data, settings and code that the numbers were made with."""
        kept = self._records[market].stamp
        return replace(
            kept,
            documents=run_stamp.documents,
            templates=run_stamp.templates,
            rendered_by="" if kept.code == run_stamp.code else run_stamp.code,
        )

    def panel(self, market: str) -> None:
        """Return None: nothing is fitted."""

    def to_remember(self, last: InputIndex | None) -> InputIndex | None:
        """Return what was remembered before: the input was not looked at."""
        return last

    def warnings(self) -> tuple[str, ...]:
        """Return nothing: the input was not looked at."""
        return ()

    def changed_meanwhile(self) -> bool:
        """Return False."""
        return False


def input_key(panel: PanelSettings, root: Path) -> str:
    """Return a hash of the input and of how it is read; empty if it is no file or folder, or may not be read."""
    if "://" in panel.source:
        return ""
    path = root / panel.source
    try:
        content = _content(path)
    except OSError:  # reading it says in words what is wrong
        return ""
    if not content:
        return ""
    return hash_strings((panel.model_dump_json(exclude={"source"}), path.name, code_hash(), *content))


def _content(path: Path) -> tuple[str, ...]:
    if path.is_file():
        return (sha256_file(path),)
    parts = sorted(part for part in path.rglob("*") if part.is_file()) if path.is_dir() else []
    return tuple(f"{part.relative_to(path).as_posix()}:{sha256_file(part)}" for part in parts)


def give_back_memory() -> None:
    """Hand what reading a table needed and no longer needs back to the system: 200 of 240 MB at 1.4 million rows."""
    import ctypes
    import sys

    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            # glibc keeps freed memory for itself; other C libraries have no such function.
            ctypes.CDLL(None).malloc_trim(0)


def _index_of(panel: Panel, key: str) -> InputIndex:
    return InputIndex(
        key=key,
        markets={market: (entry.data_hash, entry.rows_read) for market, entry in sorted(panel.markets.items())},
        refused={
            market: (findings[0].code, " ".join(finding.message for finding in findings))
            for market, findings in sorted(panel.refused.items())
        },
    )
