"""Tables of results as pandas frames: one row a thing, columns by the names of results.json, nothing formatted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from reportgen.results import MarketResults, OverviewResults

EFFECTS = ("first_period", "in_all", "kept_up")


def frame_of(rows: Iterable[Any], columns: Sequence[str], index: str) -> pd.DataFrame:
    """Dataclasses of one type as rows; ``columns`` are what an empty table has."""
    made = [asdict(row) if is_dataclass(row) and not isinstance(row, type) else dict(row) for row in rows]
    return pd.DataFrame(made, columns=list(made[0]) if made else list(columns)).set_index(index)


def coefficients(results: MarketResults) -> pd.DataFrame:
    """Rows of the coefficient table, by term: estimate, se, df, p and limits, response units per unit of the column."""
    return frame_of(results.fixed, ("term", "estimate", "se", "df", "p", "lower", "upper"), "term")


def effects(results: MarketResults) -> pd.DataFrame:
    """What one more unit brings, by channel and quantity: first period, in all, kept up; which check withheld it."""
    rows = [
        {"channel": one.channel, "quantity": name, **asdict(getattr(one, name))}
        for one in results.effects
        for name in EFFECTS
    ]
    columns = ("channel", "quantity", "estimate", "lower", "upper", "withheld")
    return pd.DataFrame(rows, columns=columns).set_index(["channel", "quantity"])


def pharmacies(results: MarketResults) -> pd.DataFrame:
    """Every pharmacy: its level, its slope with limits, reliability, rank, what promotion brought there."""
    return frame_of(results.pharmacies, ("pharmacy", "rows", "total_slope", "lower", "upper"), "pharmacy")


def checks(results: MarketResults) -> pd.DataFrame:
    """Every check: status, value, threshold, what it withholds."""
    taken: dict[tuple[str, str | None], list[str]] = {}
    for one in results.withheld:
        taken.setdefault((one.check, one.channel), []).append(one.quantity)
    rows: list[Mapping[str, Any]] = [
        {**asdict(one), "withholds": ", ".join(taken.get((one.id, one.channel), ()))} for one in results.checks
    ]
    return frame_of(rows, ("id", "status", "value", "threshold", "detail", "channel", "withholds"), "id")


def months(results: MarketResults) -> pd.DataFrame:
    """Every period of the record: sales, promotion, and sales without promotion where totals are given."""
    monthly = results.charts.monthly
    if monthly is None:
        return pd.DataFrame(columns=["sales_total"], index=pd.Index([], name="period"))
    names = ("sales_total", "sales_median", "sales_q25", "sales_q75", "promotion_mean", "pharmacies")
    periods = pd.Index(monthly.periods, name="period")
    made = pd.DataFrame({name: getattr(monthly, name) for name in names}, index=periods)
    brought = results.incremental.months if results.incremental is not None else ()
    wanted = ("sales", "without", "without_lower", "without_upper", "incremental")
    more = frame_of(brought, ("period", *wanted), "period")[list(wanted)]
    return made.join(more.rename(columns={"sales": "sales_used"}))


def plan(results: MarketResults) -> pd.DataFrame:
    """Promotion of every pharmacy now and by the plan, what its change brings with limits; empty without a plan."""
    found = results.plan
    if found is None or not found.rows:
        return pd.DataFrame(columns=["now", "next", "action", "reason"], index=pd.Index([], name="pharmacy"))
    return pd.json_normalize([asdict(row) for row in found.rows], sep="_").set_index("pharmacy")


def markets(overview: OverviewResults) -> pd.DataFrame:
    """Markets that are pooled, with their effect, its limits, and what all markets together make of it."""
    return frame_of(overview.markets, ("market", "estimate", "lower", "upper"), "market")


__all__ = ["checks", "coefficients", "effects", "frame_of", "markets", "months", "pharmacies", "plan"]
