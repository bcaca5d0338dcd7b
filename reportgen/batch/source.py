"""The input of a run: which markets it has, what each one's data hash is, and their panels on demand.

Reading a large table costs more than everything else of a run that has nothing to do. So the data
hashes of all markets are kept in run.json under a key that covers the input's bytes and everything
that decides how they are read; while the key fits, nothing is parsed. A source without bytes to
hash (a database) has no key and is read every time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.files import sha256_file
from reportgen.batch.fingerprint import code_hash, hash_strings
from reportgen.batch.manifest import InputIndex
from reportgen.config import PanelSettings, Settings

if TYPE_CHECKING:
    from reportgen.panel.contract import MarketPanel, Panel


class Source:
    """One input, parsed at most once and only when a panel is needed."""

    def __init__(self, settings: Settings, root: Path, remembered: InputIndex | None = None) -> None:
        self._settings = settings
        self._root = root
        self._panel: Panel | None = None
        self._key = input_key(settings.panel, root)
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

    @property
    def name(self) -> str:
        """Base name of the file, or ``database``: never a path or an address."""
        source = self._settings.panel.source
        return "database" if "://" in source else Path(source).name

    def panel(self, market: str) -> MarketPanel:
        """Return one market's panel."""
        return self._read().markets[market]

    def panels(self) -> Mapping[str, MarketPanel]:
        """Return all panels by market code."""
        return self._read().markets

    def changed_meanwhile(self) -> bool:
        """Return whether the input's bytes are no longer those that were read."""
        return input_key(self._settings.panel, self._root) != self._key

    def _read(self) -> Panel:
        if self._panel is None:
            from reportgen.panel.contract import validate_panel
            from reportgen.panel.read import read_table

            self._panel = validate_panel(read_table(self._settings.panel, self._root), self._settings)
        return self._panel


def input_key(panel: PanelSettings, root: Path) -> str:
    """Return a hash of the input and of how it is read; empty if the input is no file or folder."""
    if "://" in panel.source:
        return ""
    path = root / panel.source
    if path.is_file():
        content = (sha256_file(path),)
    elif path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.is_file())
        content = tuple(f"{part.relative_to(path).as_posix()}:{sha256_file(part)}" for part in parts)
    else:
        return ""
    return hash_strings((panel.model_dump_json(), code_hash(), *content))


def _index_of(panel: Panel, key: str) -> InputIndex:
    return InputIndex(
        key=key,
        markets={market: (entry.data_hash, entry.rows_read) for market, entry in sorted(panel.markets.items())},
        refused={
            market: (findings[0].code, " ".join(finding.message for finding in findings))
            for market, findings in sorted(panel.refused.items())
        },
    )
