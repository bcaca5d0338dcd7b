"""A rehearsal of a project's markets, printed at once: nothing of the project changes.

The statistics are :mod:`reportgen.model.rehearsal`'s, run by the whole analysis, so that the numbers are those that a
build with ``model.rehearsal`` would print. What the markets agreed on is taken from the last build, where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.results import Rehearsal, RehearsalRow
from reportgen.results.derived.rehearsal import together
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.grid import MarketPanel

PANELS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalReport:
    """Rehearsal of each market by its code; None where a market gives no estimate to start from."""

    panels: int
    markets: dict[str, Rehearsal | None]

    @property
    def together(self) -> tuple[RehearsalRow, ...]:
        """Counts of all markets, one row a kind of panel."""
        return together([one for one in self.markets.values() if one is not None])

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return asdict(self) | {"together": [asdict(row) for row in self.together]}


def rehearse_project(
    settings: Settings, root: Path, *, markets: Sequence[str] = (), panels: int = PANELS
) -> RehearsalReport:
    """Rehearse the markets that match ``markets`` (codes, globs; all if none).

    Raises
    ------
    NothingSelectedError
        If none matches.
    """
    from reportgen.batch.inputs.agreed import ask_markets
    from reportgen.batch.inputs.partition import open_source
    from reportgen.batch.selection import select_markets, split_patterns
    from reportgen.batch.state.run_json import read_last_run
    from reportgen.batch.workers import pool

    model = settings.model.model_copy(update={"rehearsal": panels})
    settings = settings.model_copy(update={"model": model})
    source = open_source(settings, root, None, jobs=1)
    chosen = select_markets(sorted(source.index.markets), {}, select=split_patterns(markets))
    last = None if "://" in settings.run.out else read_last_run(root / settings.run.out).agreed
    rest = (settings, last.shared_decay(), last.shared_shapes(), last.setting_choices()) if last else (settings,)
    found = ask_markets(chosen, _rehearsed, rest, settings, source, jobs=settings.run.jobs or pool.cores())
    return RehearsalReport(panels=panels, markets={market: found.get(market) for market in chosen})


def _rehearsed(
    panel: MarketPanel, settings: Settings, decay: Any = None, shapes: Any = None, choices: Any = None
) -> Rehearsal | None:
    """One market's rehearsal; runs in a worker."""
    from reportgen.model.analysis import analyse_market
    from reportgen.results import Provenance

    nothing = Provenance(
        package="", versions=(), source="", data_hash="", settings_hash="", settings=(), seed=settings.run.seed,
        as_of="",
    )  # fmt: skip
    return analyse_market(
        panel, settings, nothing, shared_decay=decay, shapes=shapes, choices=choices or None
    ).rehearsal
