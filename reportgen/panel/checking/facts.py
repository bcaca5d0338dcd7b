"""What a table holds, told of all of it, the rows that break the contract included: for the data page.

Parts of a source are added one by one and none is kept, so that a partitioned folder costs the memory of one market.
Values are counted exactly: one by one while there are few, else in narrow steps of their logarithm.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.checks import split_markets
from reportgen.panel.grid import known_mean
from reportgen.panel.periods import period_label
from reportgen.panel.reading.values.numbers import blank_cells
from reportgen.results import BINS, Calendar, Cell, ColumnFacts, ColumnRole, Distribution, MarketFacts, TableFacts

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.panel.checking.checks import Checked
    from reportgen.panel.reading.raw import RawTable
    from reportgen.settings.sections import Settings

MOST_COLUMNS = 60
MOST_VALUES = 40
"""Different values of a column that are counted one by one."""
MOST_PHARMACIES, MOST_PERIODS = 60, 104
"""Of a market's calendar that are kept."""
_NONE, _ROW, _ZERO, _NO_SALES, _NO_PROMOTION, _SEVERAL = range(6)
_CELLS: tuple[str, ...] = get_args(Cell)


@dataclass(slots=True)
class _Counts:
    """Values of one number column so far."""

    role: ColumnRole
    rows: int = 0
    empty: int = 0
    zero: int = 0
    negative: int = 0
    total: float = 0.0
    least: float = np.inf
    most: float = -np.inf
    values: Counter[float] | None = field(default_factory=Counter)
    bins: Counter[int] = field(default_factory=Counter)

    def add(self, values: NDArray[np.float64]) -> None:
        known = values[np.isfinite(values)]
        self.rows += values.size
        self.empty += values.size - known.size
        if not known.size:
            return
        self.zero += int((known == 0).sum())
        self.negative += int((known < 0).sum())
        self.total += float(known.sum())
        self.least, self.most = min(self.least, float(known.min())), max(self.most, float(known.max()))
        found, counts = np.unique(known, return_counts=True)
        # Once there are too many different values they are counted by steps only, whatever the later parts hold.
        if self.values is not None:
            if found.size <= MOST_VALUES:
                self.values.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
            if found.size > MOST_VALUES or len(self.values) > MOST_VALUES:
                self.values = None
        above = found > 0
        # Steps of the logarithm that no part of the source decides: so the counts of parts add up.
        steps, weights = np.floor(np.log10(found[above]) * BINS).astype(int), counts[above]
        for step in np.unique(steps):
            self.bins[int(step)] += int(weights[steps == step].sum())

    def facts(self, name: str) -> ColumnFacts:
        known = self.rows - self.empty
        return ColumnFacts(
            name=name, role=self.role, filled=known, empty=self.empty, zero=self.zero, negative=self.negative,
            least=self.least if known else None, most=self.most if known else None,
            mean=self.total / known if known else None, distinct=None if self.values is None else len(self.values),
        )  # fmt: skip

    def distribution(self, name: str) -> Distribution:
        return Distribution(
            column=name, role=self.role, rows=self.rows, empty=self.empty, zero=self.zero, negative=self.negative,
            values=() if self.values is None else tuple(sorted(self.values.items())),
            bins=tuple(sorted(self.bins.items())),
        )  # fmt: skip


class TableSurvey:
    """Facts of a source, gathered part by part."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rows = 0
        self._parts = 0
        self._read: dict[str, str] = {}
        self._numbers: dict[str, _Counts] = {}
        self._others: dict[str, ColumnFacts] = {}
        self._order: dict[str, None] = {}
        self._markets: list[MarketFacts] = []
        self._currency = ""

    def add(self, raw: RawTable, checked: Checked) -> None:
        """Count one table, or one part of it."""
        self._parts += 1
        self._rows += len(raw.frame)
        if self._parts == 1:
            self._read = _how_read(raw, checked, self._settings)
        self._currency = self._currency or checked.currency
        self._order.update(dict.fromkeys(map(str, raw.frame.columns)))
        for role, name in _numbers(checked):
            if name in checked.values:
                self._numbers.setdefault(name, _Counts(role)).add(checked.values[name])
        self._count_others(raw, checked)
        rows_by_market = split_markets(checked, np.arange(checked.market.size))
        self._markets += [_market(checked, self._settings, code, rows) for code, rows in rows_by_market]

    def _count_others(self, raw: RawTable, checked: Checked) -> None:
        roles = _roles(checked)
        for name in list(map(str, raw.frame.columns))[:MOST_COLUMNS]:
            if name in self._numbers:
                continue
            found = _other_column(raw.frame[name], name, roles.get(name, ""), checked, self._settings)
            before = self._others.get(name)
            self._others[name] = found if before is None else _merged(before, found)

    def finish(self, source: str) -> TableFacts:
        """Everything that was counted."""
        shown = [name for name in self._order if name in self._numbers or name in self._others]
        markets = sorted(self._markets, key=lambda one: one.market)
        return TableFacts(
            source=source,
            read=tuple((code, text) for code, text in self._read.items() if text),
            rows=self._rows,
            columns=tuple(
                self._numbers[name].facts(name) if name in self._numbers else self._others[name] for name in shown
            ),
            columns_left_out=len(self._order) - len(shown),
            distributions=tuple(
                counts.distribution(name)
                for name, counts in self._numbers.items()
                if counts.role in ("sales", "promotion")
            ),
            markets=tuple(markets),
            pharmacies=sum(one.pharmacies for one in markets),
            period_type=self._settings.panel.period,
            currency=self._settings.report.currency or self._currency,
        )


def _how_read(raw: RawTable, checked: Checked, settings: Settings) -> dict[str, str]:
    """What was found of the file itself, by code; codes of words, not words."""
    how = checked.how
    first = raw.first_row - 1
    return {
        "encoding": raw.encoding,
        "assumed-encoding": raw.encoding if raw.assumed_encoding else "",
        "delimiter": raw.delimiter,
        "header": str(first) if first > 1 else "",
        "sheets": " · ".join(raw.sheets),
        "layout": raw.layout,
        "sums": " · ".join(raw.sums),
        "above": " · ".join(cell for line in raw.above for cell in line if cell.strip()),
        "footnotes": " · ".join(raw.left_out),
        "decimal": "" if how is None else "," if how.numbers.decimal_comma else ".",
        "dates": "" if how is None or how.dates.three in ("unknown", "both") else how.dates.three,
        "period": settings.panel.period,
        "currency": checked.currency,
        "from-1904": "1904" if raw.from_1904 else "",
    }


def _numbers(checked: Checked) -> list[tuple[ColumnRole, str]]:
    columns = checked.columns
    named: list[tuple[ColumnRole, str]] = [("sales", columns.sales)]
    named += [("promotion", name) for name in columns.promotion]
    named += [("control", name) for name in columns.controls]
    return [*named, ("cost", columns.cost)]


def _roles(checked: Checked) -> dict[str, ColumnRole]:
    columns = checked.columns
    made: dict[str, ColumnRole] = {name: role for role, name in _numbers(checked) if name}
    made |= dict.fromkeys(columns.moderators, "moderator")
    if columns.territory:
        made[columns.territory] = "territory"
    return {**made, columns.market: "market", columns.pharmacy: "pharmacy", columns.month: "month"}


def _other_column(column: pd.Series, name: str, role: ColumnRole, checked: Checked, settings: Settings) -> ColumnFacts:
    """A column that holds no numbers of the model: keys, the month, or one without a role."""
    empty = int(blank_cells(column).sum())
    facts = ColumnFacts(name=name, role=role, filled=len(column) - empty, empty=empty)
    if role == "month":
        known = checked.period[checked.period >= 0]
        labels = [period_label(int(k), settings.panel.period) for k in (known.min(), known.max())] if known.size else []
        return replace(facts, distinct=int(np.unique(known).size), first="".join(labels[:1]), last="".join(labels[1:]))
    if role == "market":
        return replace(facts, distinct=len(checked.market_codes))
    if role == "pharmacy":
        return replace(facts, distinct=len(checked.pharmacy_codes))
    if name in checked.levels:
        return replace(facts, distinct=len(checked.levels[name].names))
    return replace(facts, distinct=int(column.astype(str).nunique()))


def _merged(one: ColumnFacts, other: ColumnFacts) -> ColumnFacts:
    """Two parts of a column; different values add up for markets and their pharmacies only."""
    adds = one.role in ("market", "pharmacy") and one.distinct is not None and other.distinct is not None
    firsts, lasts = ([text for text in pair if text] for pair in ((one.first, other.first), (one.last, other.last)))
    return replace(
        one,
        filled=one.filled + other.filled,
        empty=one.empty + other.empty,
        distinct=(one.distinct or 0) + (other.distinct or 0) if adds else None,
        first=min(firsts, default=""),
        last=max(lasts, default=""),
    )


def _market(checked: Checked, settings: Settings, code: str, rows: NDArray[np.intp]) -> MarketFacts:
    sales = checked.values[checked.columns.sales][rows]
    doses = [checked.values[name][rows] for name in checked.columns.promotion]
    placed = rows[(checked.period[rows] >= 0) & (checked.pharmacy[rows] >= 0)]
    calendar, filled, period, pharmacies = None, None, None, 0
    coverage: tuple[int, ...] = ()
    if placed.size:
        names, place = np.unique(checked.pharmacy[placed], return_inverse=True)
        at = checked.period[placed]
        pharmacies = names.size
        first, last = int(at.min()), int(at.max())
        period = (period_label(first, settings.panel.period), period_label(last, settings.panel.period))
        # The latest periods: a reader looks for what is missing now.
        late = max(first, last - MOST_PERIODS + 1)
        inside = at >= late
        grid = _grid(checked, placed[inside], place[inside], at[inside] - late, (names.size, last - late + 1))
        if settings.panel.aggregate:  # several rows a period are meant
            grid[grid == _SEVERAL] = _ROW
        has = grid != _NONE
        # Distinct cells over all cells of the rectangle: several rows for a cell fill it once.
        filled = float(np.unique(place.astype(np.int64) * (last + 1) + at).size) / (names.size * (last - first + 1))
        coverage = tuple(int(value) for value in np.round(100.0 * has.mean(axis=0)))
        calendar = _calendar(checked, settings, grid, names, late, first)
    return MarketFacts(
        market=code,
        rows=rows.size,
        pharmacies=pharmacies,
        period=period,
        filled=filled,
        sales_mean=known_mean(sales),
        promotion_mean=tuple(known_mean(dose) for dose in doses),
        coverage=coverage,
        calendar=calendar,
    )


def _grid(
    checked: Checked, rows: NDArray[np.intp], place: NDArray[np.intp], at: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int8]:
    """State of every pharmacy and period, (G, T); the gravest of several rows counts."""
    sales = checked.values[checked.columns.sales][rows]
    state = np.where(sales == 0, _ZERO, _ROW)
    for name in checked.columns.promotion:
        state[~np.isfinite(checked.values[name][rows])] = _NO_PROMOTION
    state[~np.isfinite(sales)] = _NO_SALES
    grid, count = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.intp)
    np.maximum.at(grid, (place, at), state.astype(np.int8))
    np.add.at(count, (place, at), 1)
    grid[count > 1] = _SEVERAL
    return grid


def _calendar(
    checked: Checked, settings: Settings, grid: NDArray[np.int8], names: NDArray[np.intp], late: int, first: int
) -> Calendar:
    gaps = (grid != _ROW).sum(axis=1)
    shown = np.sort(np.argsort(-gaps, kind="stable")[:MOST_PHARMACIES])
    letters = np.array(_CELLS)
    return Calendar(
        periods=tuple(period_label(late + k, settings.panel.period) for k in range(grid.shape[1])),
        pharmacies=tuple(checked.pharmacy_codes[int(names[g])] for g in shown),
        cells=tuple("".join(letters[grid[g]]) for g in shown),
        pharmacies_left_out=len(names) - len(shown),
        periods_left_out=late - first,
    )
