"""Rows that are sums or copies of other rows, found by arithmetic and not by a word such as "Total".

A pharmacy whose sales are the sum (or the mean) of all others of its market in every period, or of the pharmacies
just above or below it in the file, is no pharmacy; nor is a market that sums the others. Two pharmacies with the same
sales in every period are one, written twice, in one market or under two spellings of it. Small counts, and amounts so
small that all of them are alike in two decimals, fit together by chance: such rows are what they say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import ABSURD
from reportgen.panel.checking.findings import Problem, plural, quote
from reportgen.panel.checking.key_checks import Keys, split_rows
from reportgen.panel.reading.columns import Columns

LEAST_PERIODS = 4
LEAST_COPIED = 6
"""Periods over which two series must agree to be one."""
_TOLERANCE = 2e-4
_MOST_COPIES = 4
_NEARLY_ALL = 0.8
_MOST_NAMES = 60
_LONGEST = 1_000
_BY_CHANCE = 0.01
"""How many rows of a table may be expected to be like another one, or a sum, by chance, for one to be called so."""
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


def check_totals(
    market: Keys, pharmacy: Keys, period: NDArray[np.int64], sales: Floats, columns: Columns
) -> list[Problem]:
    """Pharmacies and markets that are sums of others, and pharmacies that are copies (errors)."""
    usable = np.flatnonzero((market.codes >= 0) & (pharmacy.codes >= 0) & (period >= 0) & (np.abs(sales) < ABSURD))
    if not usable.size:
        return []
    above = sales[usable][sales[usable] > 0]
    usual = float(np.median(above)) if above.size else 1.0
    if usual < 1.0:
        # Sales in millions: two cents would be as much as a pharmacy sells.
        sales = sales * (1_000.0 / usual)
    sums: list[Rows] = []
    copies: list[tuple[Rows, int]] = []
    seen: dict[int, tuple[int, int]] = {}
    for rows in split_rows(market.codes, usable):
        grid, place = _grid(pharmacy.codes[rows], period[rows], sales[rows])
        sums += [rows[place == g] for g in _no_chance(grid, _sums(grid), len(pharmacy.names))]
        first = rows[np.unique(place, return_index=True)[1]]
        again = _copies(grid, np.unique(period[rows]), first, seen, int(market.codes[rows[0]]))
        copies += [(rows[place == g], row) for g, row in again]
    sums += _market_sums(market, period, sales, usable)
    problems = []
    if sums:
        found = np.unique(np.concatenate(sums))
        several = [np.unique(pharmacy.codes[rows]).size > 1 for rows in sums]
        keys = [market if whole else pharmacy for whole in several]
        names = sorted({own.names[int(own.codes[rows[0]])] for own, rows in zip(keys, sums, strict=True)})
        shown = ", ".join(map(quote, names[:3])) + (", …" if len(names) > 3 else "")
        problems.append(
            Problem(
                code="sum-of-others",
                severity="error",
                column=columns.market if any(several) else columns.pharmacy,
                text=f"sales of {shown} are the sums of other rows, in {{rows}}",
                advice=_leave_out(names),
                rows=found,
                show=lambda i: pharmacy.names[int(pharmacy.codes[i])],
            )
        )
    if copies:
        problems.append(_same_series(copies, market, pharmacy, columns))
    return problems


def check_sums_of_periods(
    market: Keys, pharmacy: Keys, period: NDArray[np.int64], sales: Floats, columns: Columns
) -> Problem | None:
    """Rows without a period that sum up the rows above or beside them: subtotals of pharmacies, a grand total."""
    placed = (period >= 0) & np.isfinite(sales)
    candidates = np.flatnonzero((period < 0) & (sales > 0) & (sales < ABSURD))
    if not candidates.size or candidates.size > placed.sum() / 2:
        return None
    running = np.concatenate([[0.0], np.cumsum(np.where(placed, sales, 0.0))])
    sums = [
        np.bincount(keys.codes[placed & (keys.codes >= 0)], sales[placed & (keys.codes >= 0)], len(keys.names) + 1)
        for keys in (market, pharmacy)
    ]
    found = []
    last = 0
    for row in candidates.tolist():
        # Since the row of sums before it, of all above it, of the whole table, or of its market or pharmacy.
        possible = [running[row] - running[last], running[row], running[-1]]
        possible += [own[keys.codes[row]] for own, keys in zip(sums, (market, pharmacy), strict=True)]
        near = any(abs(sales[row] - one) <= abs(one) * _TOLERANCE + 0.02 for one in possible if one > 0)
        # Of any other market only to the cent: among many one may be near by chance.
        if near or (np.abs(sums[0] - sales[row]) <= 0.02).any():
            found.append(row)
        last = row
    if not found:
        return None
    rows = np.array(found, dtype=np.intp)
    return Problem(
        code="sum-of-others",
        severity="error",
        column=columns.sales,
        text=f"rows without a {columns.month} sum up other rows: {{rows}}",
        advice=_leave_out(_only_in(rows, market, pharmacy)),
        rows=rows,
        show=lambda i: next((k.names[int(k.codes[i])] for k in (pharmacy, market) if k.codes[i] >= 0), ""),
    )


def _only_in(rows: Rows, *several: Keys) -> list[str]:
    """Codes that stand in no other rows and in all of these, a code for each; none where some row has none."""
    inside = np.zeros(several[0].codes.size, dtype=bool)
    inside[rows] = True
    free = [set(range(len(keys.names))) - set(keys.codes[~inside].tolist()) for keys in several]
    names: dict[str, None] = {}
    for row in rows.tolist():
        own = [keys.names[int(keys.codes[row])] for keys, f in zip(several, free, strict=True) if keys.codes[row] in f]
        if not own:
            return []
        names[own[0]] = None
    return list(names)


def _leave_out(names: list[str]) -> str:
    """What to do about rows that these codes, if any, name."""
    if not 0 < len(names) <= _MOST_NAMES:
        return "Remove the rows."
    shown = ", ".join(quote(name, 200) for name in names)
    return f"Set panel.leave_out = [{shown}] to leave them out, or remove the rows."


def _same_series(copies: list[tuple[Rows, int]], market: Keys, pharmacy: Keys, columns: Columns) -> Problem:
    """The error about pharmacies that repeat another one; each with a row of that."""

    def named(row: int) -> str:
        return f"{quote(pharmacy.names[int(pharmacy.codes[row])])} of {quote(market.names[int(market.codes[row])])}"

    rows, like = copies[0]
    return Problem(
        code="same-series",
        severity="error",
        column=columns.pharmacy,
        text=f"{plural(len(copies), 'pharmacy code')} with the same sales in every period as another one (first: "
        f"{named(int(rows[0]))} as {named(like)}), in {{rows}}",
        advice='Keep one of each, name them in panel.leave_out, or set panel.accept = ["same-series"].',
        rows=np.unique(np.concatenate([own for own, _ in copies])),
        show=lambda i: pharmacy.names[int(pharmacy.codes[i])],
    )


def _grid(pharmacy: Rows, period: NDArray[np.int64], sales: Floats) -> tuple[Floats, Rows]:
    """Sales ``(G, T)`` with pharmacies in the order of the file, NaN without a row; and the row of each sale."""
    _, first, inverse = np.unique(pharmacy, return_index=True, return_inverse=True)
    # The place of each code by its first row in the file: subtotals stand beside what they add up.
    rank = np.argsort(np.argsort(first))
    place = rank[inverse]
    columns, column = np.unique(period, return_inverse=True)
    grid = np.full((first.size, columns.size), np.nan)
    grid[place, column] = sales
    return grid, place


def _sums(grid: Floats) -> list[int]:
    """Rows of ``(G, T)`` that are sums or means of all others, or of the rows just above or below them."""
    count = len(grid)
    if count < 3 or grid.shape[1] < LEAST_PERIODS:
        return []
    known, filled = ~np.isnan(grid), np.nan_to_num(grid)
    enough = known.sum(axis=1) >= LEAST_PERIODS
    total, present = filled.sum(axis=0), known.sum(axis=0)

    def equal(values: Floats) -> NDArray[np.bool_]:
        """Which rows equal ``values`` ``(T,)`` or ``(G, T)`` in all their periods."""
        return np.asarray(_equals(filled, values, known) & enough & (filled > 0).any(axis=1))

    # With c total rows among them, all rows add up to (c + 1) times the total.
    for copies in range(1, _MOST_COPIES):
        found = np.flatnonzero(equal(total / (copies + 1)))
        if found.size == copies and count - copies >= 2:
            return found.tolist()
    mean = np.flatnonzero(equal(np.where(present > 1, total / np.maximum(present, 1), 0.0)))
    if mean.size == 1 and count > 3:
        return mean.tolist()
    below = _blocks(filled, known, enough)
    return below or [count - 1 - g for g in _blocks(filled[::-1], known[::-1], enough[::-1])]


def _blocks(filled: Floats, known: NDArray[np.bool_], enough: NDArray[np.bool_]) -> list[int]:
    """Subtotals: rows that equal the sum of the rows since the last one; and the total of all these.

    One period is tried first, in plain numbers; only rows that fit there are compared in all periods.
    """
    column = int(np.argmax(known.sum(axis=0)))
    found: list[int] = []
    start, block, plain = 0, 0.0, 0.0
    for g, value in enumerate(filled[:, column].tolist()):
        near = max(abs(value), 1.0) * 2 * _TOLERANCE + 0.02
        if enough[g] and value and g - start >= 2 and abs(value - block) <= near:
            if _equals(filled[g], filled[start:g].sum(axis=0), known[g]):
                found.append(g)
                start, plain, block = g + 1, plain + block, 0.0
                continue
        elif enough[g] and value and found and abs(value - plain - block) <= near:
            rows = np.setdiff1d(np.arange(g), found)
            if _equals(filled[g], filled[rows].sum(axis=0), known[g]):
                found.append(g)
                start, plain, block = g + 1, plain + block, 0.0
                continue
        block += value
    return found


def _equals(values: Floats, others: Floats, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether known values equal others in all periods, the last axis."""
    return np.asarray(((np.abs(values - others) <= _roundings(values, others)) | ~known).all(axis=-1))


def _roundings(values: Floats, others: Floats) -> Floats:
    """By what sums of rounded sales are off: a share of their size, and two cents where they are small."""
    return np.asarray(np.maximum(np.abs(values), np.abs(others)) * _TOLERANCE + 0.02)


def _no_chance(grid: Floats, found: list[int], trials: int, *, exact: bool = False) -> list[int]:
    """Those of the found rows of ``(G, T)`` that chance alone would not make, once in so many trials.

    A value that others have, too, is met as often as in its own row or in all, whichever is more: a pharmacy may be
    small among large ones. Any other is one of those there could be between the least and the largest. Values are
    alike but for roundings, unless ``exact``.
    """
    if not found:
        return []
    # Of copies only one: what only they have is no common value.
    once = np.unique(np.where(np.isnan(grid), -np.inf, grid), axis=0)
    every = np.sort(once[np.isfinite(once)])
    step = np.diff(np.unique(every.round(6))).min(initial=np.inf)
    places = max((every[-1] - every[0]) / step + 1.0, every.size)

    def chance(own: Floats) -> float:
        width = np.zeros(own.size) if exact else _roundings(own, own)

        def alike(values: Floats) -> NDArray[np.intp]:
            return np.searchsorted(values, own + width, "right") - np.searchsorted(values, own - width, "left")

        mine, all_ = alike(np.sort(own)), alike(every)
        rare = np.minimum((1.0 + 2.0 * width / step) / places, 1.0)
        share = np.where(all_ > mine, np.maximum(mine / own.size, all_ / every.size), rare)
        return float(share.prod())

    return [g for g in found if chance(grid[g][~np.isnan(grid[g])]) * trials < _BY_CHANCE]


def _copies(
    grid: Floats, periods: NDArray[np.int64], first: Rows, seen: dict[int, tuple[int, int]], market: int
) -> list[tuple[int, int]]:
    """Rows of ``(G, T)`` with the same, varying values in the same periods as one before, and a file row of that.

    Of a row of another market only where nearly all of this one are copies of that market: in thousands of pharmacies
    some are alike by chance.

    Parameters
    ----------
    first
        ``(G,)`` a row of the file of each.
    seen
        Market and file row of the rows of all markets so far, added to.
    """
    if grid.shape[1] < LEAST_COPIED:
        return []
    # Rows are compared as bytes; a gap is a value of its own, that no sale has.
    plain = np.where(np.isnan(grid), -1.0, grid)
    calendar = periods.tobytes()
    found: dict[int, list[tuple[int, int]]] = {}
    for g in range(len(plain)):
        # A hash of 64 bits instead of the bytes: a million pharmacies are alike in it once in thirty million tables.
        key = hash((calendar, plain[g].tobytes()))
        if key not in seen:
            seen[key] = (market, int(first[g]))
            continue
        values = plain[g][plain[g] >= 0]
        # Constant or nearly constant sales are alike by chance.
        if values.size >= LEAST_COPIED and np.unique(values).size >= LEAST_COPIED // 2:
            found.setdefault(seen[key][0], []).append((g, seen[key][1]))
    least = max(2.0, _NEARLY_ALL * len(plain))
    like = dict(found.pop(market, []))
    inside = [(g, like[g]) for g in _no_chance(grid, list(like), len(seen) * len(plain), exact=True)]
    return inside + [copy for own in found.values() if len(own) >= least for copy in own]


def _market_sums(market: Keys, period: NDArray[np.int64], sales: Floats, usable: Rows) -> list[Rows]:
    """Rows of the markets whose total sales are the sum of those of all others in every period."""
    if len(market.names) < 3:
        return []
    first = int(period[usable].min())
    width = int(period[usable].max()) - first + 1
    # A mistyped year makes a long calendar, and of that the contract speaks elsewhere.
    if width > _LONGEST:
        return []
    cell = market.codes[usable] * width + (period[usable] - first)
    shape, cells = (len(market.names), width), len(market.names) * width
    rows = np.bincount(cell, minlength=cells).reshape(shape)
    grid = np.where(rows > 0, np.bincount(cell, sales[usable], cells).reshape(shape), np.nan)
    total = np.nansum(grid, axis=0)
    codes = []
    for code in range(len(grid)):
        # What is the sum of all others is half of everything.
        known = ~np.isnan(grid[code])
        if known.sum() >= LEAST_PERIODS and _equals(2 * grid[code], total, known):
            codes.append(code)
    return [usable[market.codes[usable] == code] for code in _no_chance(grid, codes, len(grid))]
