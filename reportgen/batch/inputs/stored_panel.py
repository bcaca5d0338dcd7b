"""A market's panel that stays where it is until a worker needs it.

Where every market has files of its own, the run holds this reference instead of the panel: its memory
does not grow with the data, and only a path travels to the worker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ContractError, MarketError
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.checking.contract import Finding, MarketPanel
    from reportgen.panel.reading.values.source_conventions import Conventions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPanel:
    """Where the panel of one market is read from; plain and picklable."""

    market: str
    root: Path
    settings: Settings
    files: tuple[Path, ...]
    conventions: Conventions
    """Of the whole folder."""
    data_hash: str
    """What the panel's own hash has to be."""

    @property
    def source(self) -> str:
        """Base name of the folder, as the panel has it."""
        return Path(self.settings.panel.source).name


def read_market(
    settings: Settings, root: Path, market: str, files: tuple[Path, ...], conventions: Conventions
) -> tuple[MarketPanel, tuple[Finding, ...]]:
    """Read one market from its own files and check it; return the panel and the findings.

    Raises
    ------
    ReadError, ContractError
        Naming the market.
    """
    from reportgen.panel.checking.contract import validate_panel
    from reportgen.panel.reading.read import read_table

    raw = read_table(settings.panel, root, market, files)
    checked = validate_panel(replace(raw, source=f"{raw.source}, market {market}"), settings, conventions)
    if market not in checked.markets:
        raise ContractError(f"{raw.source}, market {market}: there are no rows of this market.", code="no-rows")
    return replace(checked.markets[market], source=raw.source), checked.findings


def open_panel(panel: MarketPanel | StoredPanel) -> MarketPanel:
    """Return the panel, read now if it is only referred to.

    Raises
    ------
    MarketError
        If its files are no longer those that were checked.
    """
    if not isinstance(panel, StoredPanel):
        return panel
    found, _ = read_market(panel.settings, panel.root, panel.market, panel.files, panel.conventions)
    # The files were read twice, once to be checked and now to be fitted: whatever changed in between was never checked.
    if found.data_hash != panel.data_hash:
        raise MarketError(
            f"{panel.source}, market {panel.market}: the data changed while the run was going on. Build again.",
            code="input-changed",
        )
    return found
