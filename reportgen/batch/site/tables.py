"""The numbers of all markets in one file per table, as CSV and Parquet: what the site offers to download.

Written a hundred markets at a time, so memory does not grow with their number. The tables are those of
``render/parquet.py`` with the market in front; ``overview`` has a row per market. In CSV, text that a spreadsheet would
take for a formula gets an apostrophe in front; Parquet has the text as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from reportgen.render.parquet import TABLES, guarded, market_tables
from reportgen.report.site.overview import Download
from reportgen.results import MarketResults

if TYPE_CHECKING:
    import pyarrow as pa

    from reportgen.report.site.market_line import MarketSummary
    from reportgen.results import OverviewResults

FOLDER = "data"
_AT_ONCE = 100
_TEXTS = ("market", "status", "verdict", "channel", "reason", "stale_since", "trouble", "response")
_COUNTS = ("pharmacies", "months", "checks_passed", "checks_run")
_NUMBERS = (
    "sales_mean", "first", "first_lower", "first_upper", "kept_up", "kept_up_lower", "kept_up_upper",
    "incremental", "incremental_lower", "incremental_upper", "share", "roi", "sales",
    "gain", "gain_lower", "gain_upper",
)  # fmt: skip
_ACROSS = ("estimate", "se", "lower", "upper", "p", "p_adjusted", "shrunken", "expected_rank")
"""Of the comparison across markets, in the unit of ``overview.json``'s estimand; columns begin with ``across_``."""


@dataclass(slots=True)
class SiteTables:
    """Writes the tables into ``folder``; a context that closes every file."""

    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    _writers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _waiting: dict[str, list[pa.Table]] = field(default_factory=lambda: {name: [] for name in TABLES})
    _rows: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, results: MarketResults) -> None:
        """Take over one market."""
        import pyarrow as pa

        for name, table in market_tables(results).items():
            market = pa.array([results.market] * table.num_rows, pa.string())
            self._waiting[name].append(table.add_column(0, "market", market))
        if len(self._waiting[TABLES[0]]) >= _AT_ONCE:
            self._flush()

    def finish(self, summaries: Sequence[MarketSummary], across: OverviewResults | None) -> tuple[Download, ...]:
        """Write what is left and the overview; return what there is to download."""
        self._flush()
        self._write("overview", _overview(summaries, across))
        self._stack.close()
        return tuple(
            Download(
                name=name,
                rows=self._rows[name],
                files=tuple(
                    (kind, f"{FOLDER}/{name}.{ending}", (self.folder / f"{name}.{ending}").stat().st_size)
                    for kind, ending in (("CSV", "csv"), ("Parquet", "parquet"))
                ),
            )
            for name in ("overview", *TABLES)
            if name in self._writers
        )

    def _flush(self) -> None:
        import pyarrow as pa

        for name, parts in self._waiting.items():
            if parts:
                self._write(name, pa.concat_tables(parts))
            parts.clear()

    def _write(self, name: str, table: pa.Table) -> None:
        import pyarrow.csv as pacsv
        import pyarrow.parquet as pq

        if name not in self._writers:
            # Without statistics, as the tables of a market: the same numbers have the same bytes.
            parquet = pq.ParquetWriter(
                self.folder / f"{name}.parquet", table.schema, compression="zstd", write_statistics=False
            )
            plain = pacsv.CSVWriter(self.folder / f"{name}.csv", table.schema)
            self._writers[name] = (self._stack.enter_context(parquet), self._stack.enter_context(plain))
        parquet, plain = self._writers[name]
        parquet.write_table(table)
        plain.write_table(guarded(table))
        self._rows[name] = self._rows.get(name, 0) + table.num_rows


def _overview(summaries: Sequence[MarketSummary], across: OverviewResults | None) -> pa.Table:
    import pyarrow as pa

    lines = sorted(summaries, key=lambda line: line.market)
    columns: dict[str, Any] = {name: pa.array([getattr(s, name) for s in lines], pa.string()) for name in _TEXTS}
    columns |= {name: pa.array([getattr(s, name) for s in lines], pa.int64()) for name in _COUNTS}
    columns |= {name: pa.array([getattr(s, name) for s in lines], pa.float64()) for name in _NUMBERS}
    found = {market.market: market for market in across.markets} if across is not None else {}
    for name in _ACROSS:
        values = [getattr(found.get(line.market), name, None) for line in lines]
        columns[f"across_{name}"] = pa.array(values, pa.float64())
    return pa.table(columns)
