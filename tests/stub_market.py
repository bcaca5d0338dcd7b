"""A stand-in for the work of one market: instant, without a fit, with faults on demand.

``work`` is what ``batch.run.build`` gives to its workers in tests of the run itself. A market whose code
starts with a fault's name has that fault, unless the file ``calm`` lies in the project's folder.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from factories import market_results
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.record import MarketRecord
from reportgen.errors import MarketError
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.results import to_json


def panel(market: str, value: float = 1.0, rows: int = 2) -> MarketPanel:
    """A tiny panel whose data hash depends on ``value``."""
    return make_panel(market, [[value] * rows], [[0.0] * rows], source="panel.csv")


def work(job: MarketJob) -> MarketRecord:
    """Publish results that depend on the market and on the settings only."""
    fault = job.market.split("-")[0]
    if fault in FAULTS and not (job.root / "calm").exists():
        FAULTS[fault](job)
    results = market_results(market=job.market, pharmacies=3, periods=6)
    content = {"results.json": to_json(results), "report.html": f"<title>{job.settings.report.title}</title>".encode()}
    if job.panel is None:
        content["report.html"] += b"reused"
    return publish(job, results, content)


def _raise(job: MarketJob) -> None:
    raise MarketError(f"{job.market}: it does not work.", code="does-not-work")


def _exit(job: MarketJob) -> None:
    os._exit(0)


def _hang(job: MarketJob) -> None:
    time.sleep(600)


def _kill(job: MarketJob) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _slow(job: MarketJob) -> None:
    time.sleep(0.5)


FAULTS: dict[str, Any] = {"raise": _raise, "exit": _exit, "hang": _hang, "kill": _kill, "slow": _slow}
