"""The numbers of one market as Parquet tables, for whoever wants to go on from them.

Five small tables, columns as the fields of ``results``: coefficients (fixed effects, variances
and correlations apart by ``kind``), pharmacies, months, forecast and checks. Byte-identical for equal
results: no time stamps, one row group, fixed column order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.results import FixedEffect, MarketResults

if TYPE_CHECKING:
    import pyarrow as pa

_FLOAT, _TEXT, _INT = "double", "string", "int64"
_COEFFICIENTS = {
    "kind": _TEXT, "term": _TEXT, "estimate": _FLOAT, "se": _FLOAT, "se_gls": _FLOAT, "df": _FLOAT, "statistic": _FLOAT,
    "p": _FLOAT, "lower": _FLOAT, "upper": _FLOAT,
}  # fmt: skip
_PHARMACIES = {
    "pharmacy": _TEXT, "rows": _INT, "sales_mean": _FLOAT, "promotion_mean": _FLOAT, "intercept": _FLOAT,
    "intercept_se": _FLOAT, "slope": _FLOAT, "slope_se": _FLOAT, "total_slope": _FLOAT, "lower": _FLOAT,
    "upper": _FLOAT,
    "reliability": _FLOAT, "expected_rank": _FLOAT, "long_run": _FLOAT, "own_intercept": _FLOAT, "own_slope": _FLOAT,
    "incremental": _FLOAT, "incremental_share": _FLOAT, "cooks_d": _FLOAT, "effect_without": _FLOAT,
}  # fmt: skip
_MONTHS = {
    "period": _TEXT, "pharmacies": _INT, "sales_total": _FLOAT, "sales_median": _FLOAT, "promotion_mean": _FLOAT,
    "sales": _FLOAT, "without": _FLOAT, "without_lower": _FLOAT, "without_upper": _FLOAT, "incremental": _FLOAT,
}  # fmt: skip
_FORECAST = {
    "period": _TEXT, "estimate": _FLOAT, "lower": _FLOAT, "upper": _FLOAT, "planned": _FLOAT, "planned_lower": _FLOAT,
    "planned_upper": _FLOAT, "year_before": _FLOAT, "promotion": _FLOAT, "planned_promotion": _FLOAT,
}  # fmt: skip
_CHECKS = {"id": _TEXT, "status": _TEXT, "value": _FLOAT, "threshold": _FLOAT, "detail": _TEXT}


TABLES = ("coefficients", "pharmacies", "months", "forecast", "checks")
"""Names of the tables."""


def parquet_files(results: MarketResults) -> dict[str, bytes]:
    """Return the tables of one market as ``data/<name>.parquet`` → file content."""
    return {f"data/{name}.parquet": _parquet(table) for name, table in market_tables(results).items()}


def market_tables(results: MarketResults) -> dict[str, pa.Table]:
    """Return the tables of one market by name."""
    return {
        "coefficients": _table(_coefficient_rows(results), _COEFFICIENTS),
        "pharmacies": _table(results.pharmacies, _PHARMACIES),
        "months": _table(_month_rows(results), _MONTHS),
        "forecast": _table(results.forecast.periods if results.forecast is not None else (), _FORECAST),
        "checks": _table(results.checks, _CHECKS),
    }


def _plain(row: object, columns: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(row, name, None) for name in columns}


def _coefficient_rows(results: MarketResults) -> list[dict[str, Any]]:
    rows = [_fixed_row("fixed", row) for row in results.fixed]
    for kind, comparison in (("plain", results.plain), ("within", results.within)):
        rows += [_fixed_row(kind, row) for row in (comparison.fixed if comparison else ())]
    rows += [
        {"kind": "sd", "term": row.term, "estimate": row.sd, "lower": row.lower, "upper": row.upper}
        for row in results.variances
    ]
    rows += [
        {
            "kind": "correlation",
            "term": " × ".join(row.terms),
            "estimate": row.value,
            "lower": row.lower,
            "upper": row.upper,
        }
        for row in results.correlations
    ]
    return rows


def _fixed_row(kind: str, row: FixedEffect) -> dict[str, Any]:
    return {**_plain(row, _COEFFICIENTS), "kind": kind}


def _month_rows(results: MarketResults) -> list[dict[str, Any]]:
    monthly = results.charts.monthly
    if monthly is None:
        return []
    effects = results.incremental.months if results.incremental else ()
    # Every period of the record; what promotion brought only where the model has rows.
    with_effect = {month.period: _plain(month, _MONTHS) for month in effects}
    return [
        {
            **with_effect.get(period, {}),
            "period": period,
            "pharmacies": monthly.pharmacies[index],
            "sales_total": monthly.sales_total[index],
            "sales_median": monthly.sales_median[index],
            "promotion_mean": monthly.promotion_mean[index],
        }
        for index, period in enumerate(monthly.periods)
    ]


def _table(rows: Sequence[object], columns: dict[str, str]) -> pa.Table:
    """Table of dicts, or of objects with these attributes; what is missing is null."""
    import pyarrow as pa

    schema = pa.schema([(name, _arrow_type(kind)) for name, kind in columns.items()])
    return pa.table(
        {
            name: pa.array(
                [row.get(name) if isinstance(row, dict) else getattr(row, name, None) for row in rows],
                schema.field(name).type,
            )
            for name in columns
        },
        schema,
    )


def _parquet(table: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_statistics=False)
    return bytes(sink.getvalue())


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {_FLOAT: pa.float64(), _TEXT: pa.string(), _INT: pa.int64()}[kind]
