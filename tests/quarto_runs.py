"""Complete market folders without a build: what `reportgen quarto` starts from."""

from __future__ import annotations

from pathlib import Path

import factories
from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.results import MarketResults, to_json

STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")


def put(root: Path, results: MarketResults) -> Path:
    """Write the folder of one market as a build leaves it, below ``root/out``; return it."""
    slug = files.slug(results.market)
    folder = root / "out" / "markets" / slug
    folder.mkdir(parents=True, exist_ok=True)
    body = to_json(results)
    (folder / "results.json").write_bytes(body)
    made = record.MarketRecord(
        market=results.market, slug=slug, as_of="2024-01-31", stamp=STAMP, formats=("results",),
        headline=record.headline(results), files=(("results.json", files.sha256_bytes(body)),),
    )  # fmt: skip
    (folder / record.NAME).write_bytes(record.to_json(made))
    return folder


def small(market: str, seed: int = 1, status: str = "ok") -> MarketResults:
    """Results that are quickly drawn."""
    return factories.market_results(market=market, seed=seed, pharmacies=5, periods=24, status=status)  # type: ignore[arg-type]
