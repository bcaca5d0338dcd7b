"""When the fork server starts to load: as early as it is known that something will be built.

Loading takes longer than all that a run does before its first market, so every tenth of a second earlier is one that
nobody waits for. For the same reason nothing is imported here that takes long to load (``storage``, ``run_json``).
"""

from __future__ import annotations

from pathlib import Path

from reportgen.batch.workers import pool
from reportgen.settings.sections import Settings


def warm_up(settings: Settings) -> None:
    """Start the fork server with what these settings need."""
    pool.warm_up(settings.report.pdf_engine if set(settings.report.formats) != {"results"} else None)


def warm_up_first_run(settings: Settings, root: Path) -> None:
    """Start it at once where the output folder has seen no run: there is nothing that could be up to date."""
    out = settings.run.out
    if "://" not in out and not (root / out / "run.json").exists():
        warm_up(settings)
