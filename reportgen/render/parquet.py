"""The numbers of one market as Parquet tables, for whoever wants to go on from them.

Small tables, columns as the fields of ``results``: coefficients (fixed effects, variances and
correlations apart by ``kind``), pharmacies, plan, months, forecast and checks. The plan is there as CSV, too:
people take it on to their spreadsheet. Byte-identical for equal results: no time stamps, one row
group, fixed column order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.results import Change, FixedEffect, MarketResults

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
_PLAN = {
    "pharmacy": _TEXT, "now": _FLOAT, "next": _FLOAT, "action": _TEXT, "reason": _TEXT, "effect": _FLOAT,
    "effect_lower": _FLOAT, "effect_upper": _FLOAT, "gain": _FLOAT, "gain_lower": _FLOAT, "gain_upper": _FLOAT,
}  # fmt: skip
_CHANGES = {
    "since": _TEXT, "causes": _TEXT, "main": _TEXT, "effect": _FLOAT, "incremental": _FLOAT, "effect_before": _FLOAT,
    "effect_now": _FLOAT, "limit": _FLOAT, "within_noise": _TEXT, "verdict_before": _TEXT, "verdict": _TEXT,
}  # fmt: skip
_TRACK = {
    "made": _TEXT, "last_period": _TEXT, "ahead": _INT, "period": _TEXT, "said": _FLOAT, "lower": _FLOAT,
    "upper": _FLOAT, "planned": _FLOAT, "came": _FLOAT, "share": _FLOAT,
}  # fmt: skip
_CHECKS = {"id": _TEXT, "status": _TEXT, "value": _FLOAT, "threshold": _FLOAT, "detail": _TEXT}


TABLES = ("coefficients", "pharmacies", "plan", "months", "forecast", "changes", "track", "checks")
"""Names of the tables."""
# Signs at which a spreadsheet takes a text for a formula, and the tab and line end that lead it there (OWASP, CSV
# Injection).
FORMULA = r"^[=+\-@\t\r|]"


def parquet_files(results: MarketResults) -> dict[str, bytes]:
    """Return the tables of one market as ``data/<name>.parquet`` → file content, and ``data/plan.csv``."""
    tables = market_tables(results)
    made = {f"data/{name}.parquet": _parquet(table) for name, table in tables.items()}
    return made | {"data/plan.csv": _csv(tables["plan"])}


def change_csv(changes: Mapping[str, Change]) -> str:
    """The table of changes of several markets as CSV, the market in front."""
    rows = [{"market": market, **row} for market, one in changes.items() for row in change_rows(one)]
    return _csv(_table(rows, {"market": _TEXT, **_CHANGES})).decode()


def market_tables(results: MarketResults) -> dict[str, pa.Table]:
    """Return the tables of one market by name."""
    return {
        "coefficients": _table(_coefficient_rows(results), _COEFFICIENTS),
        "pharmacies": _table(results.pharmacies, _PHARMACIES),
        "plan": _table(_plan_rows(results), _PLAN),
        "months": _table(_month_rows(results), _MONTHS),
        "forecast": _table(results.forecast.periods if results.forecast is not None else (), _FORECAST),
        "changes": _table(change_rows(results.change), _CHANGES),
        "track": _table(results.track.periods if results.track is not None else (), _TRACK),
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


def _plan_rows(results: MarketResults) -> list[dict[str, Any]]:
    """A row per pharmacy; where the plan as a whole says why nothing moves, its reason."""
    plan = results.plan
    if plan is None:
        return []
    rows = []
    for row in plan.rows:
        made = _plain(row, _PLAN)
        if row.reason == "not-recommended":
            made["reason"] = plan.reason
        for name in ("effect", "gain"):
            found = getattr(row, name)
            made |= {name: None, f"{name}_lower": None, f"{name}_upper": None}
            if found is not None:
                made |= {name: found.estimate, f"{name}_lower": found.lower, f"{name}_upper": found.upper}
        rows.append(made)
    return rows


def change_rows(change: Change | None) -> list[dict[str, Any]]:
    """A row per part of the change against the run before; the rest is the same in all of them."""
    if change is None:
        return []
    told = {
        "since": change.since, "main": " ".join(change.main), "effect_before": change.effect.before,
        "effect_now": change.effect.now, "limit": change.effect.limit, "verdict_before": change.verdict_before,
        "within_noise": {True: "yes", False: "no", None: ""}[change.effect.within], "verdict": change.verdict,
    }  # fmt: skip
    return [
        {"causes": " ".join(part.causes), "effect": part.effect, "incremental": part.incremental, **told}
        for part in change.parts
    ]


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


def _csv(table: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    sink = pa.BufferOutputStream()
    pacsv.write_csv(guarded(table), sink)
    return bytes(sink.getvalue())


def guarded(table: pa.Table) -> pa.Table:
    """The table with no text that a spreadsheet would run."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(table.schema):
        if column.type == pa.string():
            text = table.column(place)
            risky = pc.fill_null(pc.match_substring_regex(text, FORMULA), False)
            table = table.set_column(
                place, column.name, pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text)
            )
    return table


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {_FLOAT: pa.float64(), _TEXT: pa.string(), _INT: pa.int64()}[kind]
