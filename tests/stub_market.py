"""A stand-in for the work of one market: instant, without a fit, with faults on demand.

``work`` is what ``batch.run.build`` gives to its workers in tests of the run itself. A market whose code
starts with a fault's name has that fault, unless the file ``calm`` lies in the project's folder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import Any

import misbehaviour
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.state.record import MarketRecord
from reportgen.errors import MarketError
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.results import DataSummary, GroupSize, MarketResults, Provenance, Verdict, to_json


def panel(market: str, value: float = 1.0, rows: int = 2) -> MarketPanel:
    """A tiny panel whose data hash depends on ``value``."""
    return make_panel(market, [[value] * rows], [[0.0] * rows], source="panel.csv")


def work(job: MarketJob) -> MarketRecord:
    """Publish results that depend on the market and on the settings only."""
    fault = job.market.split("-")[0]
    if fault in FAULTS and not (job.root / "calm").exists():
        FAULTS[fault](job)
    results = _results(job.market)
    content = {"results.json": to_json(results), "report.html": f"<title>{job.settings.report.title}</title>".encode()}
    if job.panel is None:
        content["report.html"] += b"reused"
    return publish(job, results, content)


def _results(market: str) -> MarketResults:
    return MarketResults(
        market=market,
        status="not-estimable",
        data=DataSummary(
            rows_read=2,
            rows_used=0,
            rows_lost=(),
            pharmacies=1,
            months=2,
            period=("2021-01", "2021-02"),
            period_type="month",
            group_size=GroupSize(min=0, mean=0.0, max=0),
            sales_total=2.0,
            sales_mean=1.0,
            promotion_mean=(0.0,),
            promotion_sd=(0.0,),
        ),
        verdict=Verdict(code="cannot-tell", reasons=()),
        provenance=Provenance(
            package="reportgen",
            versions=(),
            source="panel.csv",
            data_hash="",
            settings_hash="",
            settings=(),
            seed=1,
            as_of="2024-01-15",
        ),
    )


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


def _segfault(job: MarketJob) -> None:
    ctypes.string_at(0)


def _loop(job: MarketJob) -> None:
    while True:
        pass


def _stop(job: MarketJob) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _memory(job: MarketJob) -> None:
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def _badly(job: MarketJob) -> None:
    raise misbehaviour.UnpicklableError


def _large(job: MarketJob) -> None:
    raise RuntimeError("x" * 10_000_000)


def _surrogate(job: MarketJob) -> None:
    raise ValueError("\udcff\ud800 \x00\x1b[2J\r\n" * 3)


def _shout(job: MarketJob) -> None:
    misbehaviour.do_shout(512)
    raise MarketError(f"{job.market}: said a gigabyte.", code="loud")


def _quit(job: MarketJob) -> None:
    raise SystemExit(0)


def _interrupt(job: MarketJob) -> None:
    raise KeyboardInterrupt


def _disk(job: MarketJob) -> None:
    raise OSError(28, "No space left on device", str(job.root / "secret"))


FAULTS: dict[str, Any] = {
    "raise": _raise, "exit": _exit, "hang": _hang, "kill": _kill, "slow": _slow, "segfault": _segfault, "loop": _loop,
    "stop": _stop, "memory": _memory, "badly": _badly, "large": _large, "surrogate": _surrogate, "shout": _shout,
    "quit": _quit, "interrupt": _interrupt, "disk": _disk,
}  # fmt: skip
