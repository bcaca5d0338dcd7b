"""A whole run in a process of its own, quick to start: what fault tests kill, starve and disturb.

``python faults_driver.py ROOT [JOBS]`` builds the markets named in ``ROOT/data/panel.csv`` (JSON: market → value) with
the stand-in of ``stub_market`` and without loading the statistics, and exits with the run's exit code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import stub_market
from reportgen.batch import run
from reportgen.batch.inputs.source import Source
from reportgen.batch.site import refresh as overview
from reportgen.batch.site.refresh import SiteState
from reportgen.batch.workers import pool as engine
from reportgen.errors import ReportgenError
from reportgen.settings.sections import Settings


def main(root: Path, jobs: int) -> int:
    def read(source: Source) -> Any:
        data = json.loads((root / "data" / "panel.csv").read_text())[0]
        return SimpleNamespace(
            markets={market: stub_market.panel(market, value) for market, value in data.items()},
            refused={},
            findings=(),
        )

    Source._read = read  # type: ignore[method-assign]
    engine.warm_up = lambda **options: None
    if (root / "no-site").exists():
        overview.refresh_site = lambda *args, **options: SiteState(changed=False)
    settings = Settings.model_validate(
        {"report": {"formats": ["html"]}, "run": {"as_of": "2024-01-15", "jobs": jobs, "timeout": 20.0}}
    )
    try:
        return run.build(settings, root, work=stub_market.work).exit_code
    except ReportgenError as error:
        sys.stderr.write(f"Error: {error.message}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2))
