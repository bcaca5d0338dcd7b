"""A check, a section and a reader of files, as a team would write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reportgen.report.blocks import Cell, Column, Prose, Row, Section, Table
from reportgen.results import Check, MarketResults


def working_days(market: Any, settings: Any) -> Check:
    """Whether one pharmacy holds more than a third of all sales. Checks of packages withhold nothing."""
    sums = np.bincount(market.frame.group, weights=market.frame.sales)
    share = float(sums.max() / sums.sum())
    return Check(
        id="own-largest-share",
        status="review" if share > 1 / 3 else "pass",
        value=share,
        threshold=1 / 3,
        detail="Our rule: no pharmacy should hold more than a third of the market.",
    )


def largest(results: MarketResults, settings: Any) -> Section | None:
    """The five pharmacies that sell most, as a section of their own."""
    rows = sorted(results.pharmacies, key=lambda row: -(row.sales_mean or 0.0))[:5]
    if not rows:
        return None
    table = Table(
        name="largest",
        caption="Pharmacies that sell most",
        columns=(Column(label="Pharmacy", numeric=False), Column(label="Mean sales")),
        rows=tuple(
            Row(cells=(Cell(text=row.pharmacy), Cell(text=f"{row.sales_mean:,.0f}", sort=row.sales_mean)))
            for row in rows
        ),
    )
    words = Prose(text="These pharmacies are visited by their key account manager.")
    return Section(anchor="largest", number="", title="Key accounts", lead="", blocks=(words, table))


def read_tally(path: Path) -> pd.DataFrame:
    """Files of an old system: fields between bars, decimal commas."""
    return pd.read_csv(path, sep="|", decimal=",", dtype={"pharmacy": str})
