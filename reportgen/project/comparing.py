"""Two runs of the same markets, compared from their results alone.

What a market's folder already says of its last change is taken where it is about the very run that is asked for: that
one had the table at hand and could be split further.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import InputError

if TYPE_CHECKING:
    from reportgen.results import Change, MarketResults

RESULTS = "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketComparison:
    """One market in both runs; ``change`` is ``None`` where only one of them has it."""

    market: str
    change: Change | None
    only: str = ""
    """``first`` or ``second``, where only one has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All markets of two runs."""

    markets: tuple[MarketComparison, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON data: what ``compare.json`` holds."""
        return {"schema_version": 1, "markets": [asdict(one) for one in self.markets]}

    def json(self) -> str:
        """Text of ``compare.json``."""
        return json.dumps(self.plain(), indent=1, ensure_ascii=False) + "\n"

    def csv(self) -> str:
        """A row per market and part, with the market in front."""
        from reportgen.render.parquet import change_csv

        return change_csv({one.market: one.change for one in self.markets if one.change is not None})


def compare_runs(first: Path, second: Path) -> Comparison:
    """Compare two runs: output folders, folders of one market each, or files ``results.json``.

    Raises
    ------
    InputError
        If there are no results, they cannot be read, or two single markets are not the same.
    """
    from reportgen.model.change import compare

    old, new = _results(first), _results(second)
    if len(old) == len(new) == 1 and old.keys() != new.keys():
        raise InputError(
            f"These are two markets: {next(iter(old))} and {next(iter(new))}.", code="different-markets"
        )  # fmt: skip
    made = []
    for market in sorted({*old, *new}):
        if market not in old or market not in new:
            only = "first" if market in old else "second"
            made.append(MarketComparison(market=market, change=None, only=only))
            continue
        change = compare(old[market], new[market])
        known = new[market].change
        told = known is not None and _same(known, change)
        made.append(MarketComparison(market=market, change=known if told else change))
    return Comparison(markets=tuple(made))


def _same(known: Change, change: Change) -> bool:
    """Whether both are about the same earlier run."""
    about = ("since", "last_period", "effect", "incremental", "settings", "versions", "verdict_before")
    return all(getattr(known, name) == getattr(change, name) for name in about)


def _results(path: Path) -> dict[str, MarketResults]:
    from reportgen.results import from_json

    if path.is_file():
        files = [path]
    elif (path / RESULTS).is_file():
        files = [path / RESULTS]
    else:
        files = sorted((path / "markets").glob(f"*/{RESULTS}"))
    if not files:
        raise InputError(f"{path.name}: there is no {RESULTS} there, nor a folder markets.", code="no-results")
    found = [from_json(file.read_bytes()) for file in files]
    return {one.market: one for one in found}
