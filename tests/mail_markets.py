"""Market folders with a brief, made without a fit: what tests of mail start from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from factories import market_results
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.state.record import MarketRecord
from reportgen.errors import MarketError
from reportgen.results import to_json


def work(job: MarketJob) -> MarketRecord:
    """Publish invented results under the market's name, with a brief; ``bad`` markets fail."""
    if job.market.startswith("bad") and not (job.root / "calm").exists():
        raise MarketError("it does not work.", code="does-not-work")
    results = replace(market_results(pharmacies=20, periods=12), market=job.market)
    content: dict[str, Any] = {"results.json": to_json(results)}
    if "brief" in job.formats:
        size = 6 * 1024 * 1024 if job.market.startswith("large") else 10
        content["brief.pdf"] = b"%PDF-1.7 " + job.market.encode() + job.as_of.encode() + b" " * size
    return publish(job, results, content)
