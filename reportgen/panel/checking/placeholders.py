"""Numbers that stand for a missing one: 9999999, -99 or another, written exactly alike again and again.

A value is one if it is far outside the others of its market, or repeated as no other is; a row of nines needs less to
be suspected than another number. What it means is the user's to say (``panel.missing``, or ``panel.accept``).

Fixed amounts of promotion (a fee beside small visits) are repeated far above the rest, too, so there much more is asked
for. A return of one pack is minus what pharmacies sell for, a few times over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import ABSURD, ColumnProblems, Rows
from reportgen.panel.checking.key_checks import split_rows
from reportgen.panel.reading.values.numbers import ParsedNumbers, is_text, texts

if TYPE_CHECKING:
    import pandas as pd

CODE = "placeholder"
_NINES = [float("9" * n) for n in range(2, 16)] + [float("9" * n + ".99") for n in range(3, 10)]
_LIMITS = [32767.0, 65535.0, 2147483647.0, 4294967295.0, 32768.0, 2147483648.0]
_USUAL = np.array([9.0, *_NINES, *_LIMITS])
"""Sizes that are written for a missing value, and seldom by chance; 9 only below zero."""
_FAR, _VERY_FAR = 3.0, 10.0
"""Times the high values of a market from which a usual one, and any other, is outside of them."""
_SPIKE, _REPEATED = 3, 3
"""Times as frequent as any other value, and rows, from which a value is repeated as no other is."""
_LEAST_REST = 5
_CLOSE, _MANY_CLOSE = 0.9, 0.02
"""Share of a value from which others are close below it; share of the others from which values are capped there."""
_FEW_PACKS, _NEARLY_ALL = 5, 0.9
"""Packs that the smallest sale may have, and share of sales in whole packs, for a return to be one pack."""
Floats = NDArray[np.float64]
Kind = Literal["amounts", "returns", "promotion", "signed"]
"""Amounts are never negative, unless they may be returns; a signed column (controls) may well be."""


def leave_out_missing(column: pd.Series, parsed: ParsedNumbers, words: Sequence[str]) -> tuple[ParsedNumbers, Rows]:
    """Read the numbers and texts of ``panel.missing`` as empty; and which cells those are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = np.isin(parsed.values, [number for word in words if (number := _number(word)) is not None])
    if is_text(column):
        folded = pc.utf8_lower(pc.utf8_trim_whitespace(texts(column)))
        same = pc.fill_null(pc.is_in(folded, pa.array([word.strip().lower() for word in words])), fill_value=False)
        found |= np.array(same.to_numpy(zero_copy_only=False), dtype=bool)
    made = replace(
        parsed,
        values=np.where(found, np.nan, parsed.values),
        **{name: getattr(parsed, name) & ~found for name in ("bad", "ambiguous", "percent", "truth")},
    )
    return made, found


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value of a column and its rows ``(n,)``."""

    value: float
    rows: Rows


def find_placeholders(values: Floats, market: NDArray[np.intp], kind: Kind) -> list[Placeholder]:
    """Values that stand for a missing one, each market judged by itself."""
    suspects = np.union1d(market[_are_usual(values)], market[values < 0])
    suspects = np.union1d(suspects, _heavy_tops(values, market))
    suspects = suspects[suspects >= 0]
    if not suspects.size:
        return []
    chosen = np.flatnonzero((np.abs(values) < ABSURD) & np.isin(market, suspects))
    found: dict[float, Rows] = {}
    for rows in split_rows(market, chosen):
        for value in _of_market(values[rows], kind):
            mask = found.setdefault(value, np.zeros(values.size, dtype=bool))
            mask[rows[values[rows] == value]] = True
    return [Placeholder(value, found[value]) for value in sorted(found)]


_ENDINGS = np.zeros(100, dtype=bool)
_ENDINGS[(_USUAL[1:] % 100).astype(np.int64)] = True


def _are_usual(values: Floats) -> NDArray[np.intp]:
    """Rows whose value above zero has a usual size; only those with the last two digits of one are compared."""
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(_ENDINGS[values.astype(np.int64) % 100])
    return near[np.isin(values[near], _USUAL[1:])]


def _heavy_tops(values: Floats, market: NDArray[np.intp]) -> NDArray[np.intp]:
    """Markets whose largest value is repeated and so far above their mean that it may be far above all others."""
    above = (values > 0) & (values < ABSURD) & (market >= 0)
    if not above.any():
        return np.empty(0, dtype=np.intp)
    codes, positive = (market, values) if above.all() else (market[above], values[above])
    count, total = np.bincount(codes), np.bincount(codes, positive)
    # A value far above all others is above twice the mean, unless it is nearly half of them.
    high = positive > 2 * (total / np.maximum(count, 1))[codes]
    codes, positive = codes[high], positive[high]
    top = np.zeros(count.size)
    np.maximum.at(top, codes, positive)
    times = np.bincount(codes[positive == top[codes]], minlength=count.size)
    mean = (total - times * top) / np.maximum(count - times, 1)
    # One row in a hundred may lie anywhere below the top; the others must be a tenth of it.
    return np.flatnonzero((times >= _REPEATED) & (count > times) & (mean <= 0.11 * top))


def _of_market(values: Floats, kind: Kind) -> list[float]:
    distinct, counts = np.unique(values[values != 0], return_counts=True)
    usual = np.isin(np.abs(distinct), _USUAL) & (distinct != 9)
    plain = (distinct > 0) & ~usual
    rest = np.repeat(distinct[plain], counts[plain])
    often = int(counts[plain].max(initial=1))
    high = float(np.quantile(rest, 0.95)) if rest.size >= _LEAST_REST else np.nan
    nines = np.flatnonzero(usual & (distinct > 0))
    found = [float(distinct[i]) for i in nines if _positive(distinct[i], int(counts[i]), often, high, rest, distinct)]
    found += _negative(distinct, counts, usual, high, kind)
    if rest.size > _LEAST_REST and not found:
        top, times = distinct[plain][-1], int(counts[plain][-1])
        others = rest[rest < top]
        # A few fixed amounts may well be ten times apart.
        far = _VERY_FAR if plain.sum() > _LEAST_REST and kind != "promotion" else _VERY_FAR**2
        if times >= _REPEATED and others.size >= _LEAST_REST and top >= far * np.quantile(others, 0.99):
            found.append(float(top))
    return found


def _positive(value: float, count: int, often: int, high: float, rest: Floats, distinct: Floats) -> bool:
    """Whether a row of nines stands for a missing value."""
    long = bool(value >= 9999)
    # One alone is a slip of the pen like any other (``slips.py``).
    if count < 2 or np.isnan(high):
        return long and count >= 2
    if value > _FAR * high:
        return True
    # Three digits or more, up to which the others reach and beyond which there is none: values are capped there.
    if value >= 999 and value == distinct[-1] and (rest > _CLOSE * value).mean() >= _MANY_CLOSE:
        return False
    # A price of 999 has multiples among the amounts.
    spike = count >= max(_REPEATED, _SPIKE * often) and 2 * value not in distinct
    return spike or bool(long and value > high)


def _negative(distinct: Floats, counts: NDArray[np.intp], usual: Rows, high: float, kind: Kind) -> list[float]:
    below = distinct < 0
    if not below.any():
        return []
    far = np.abs(distinct) > _FAR * (0.0 if np.isnan(high) else high)
    found = below & usual & far & (counts >= 2)
    if kind != "signed":
        others = counts[below & ~usual]
        near = below & usual & (counts >= max(_REPEATED, _SPIKE * int(others.max(initial=1))))
        if below.sum() == 1:
            near |= below & ((counts >= _REPEATED) | (usual & (counts >= 2)))
        if kind == "returns":
            near[near] = [not _is_pack(-one, distinct[distinct > 0]) for one in distinct[near]]
        found |= near
    return [float(value) for value in distinct[found]]


def _is_pack(value: float, sales: Floats) -> bool:
    """Whether pharmacies sell for multiples of a value, from few on."""
    packs = sales / value
    whole = np.abs(packs - np.rint(packs)) < 1e-3
    return bool(packs.min(initial=np.inf) <= _FEW_PACKS and whole.mean() >= _NEARLY_ALL)


def check_placeholders(found: Mapping[str, tuple[ColumnProblems, list[Placeholder]]], named: Sequence[str]) -> None:
    """Ask about the placeholders of all columns, each with the setting that answers for all of them."""
    values = {_written(one.value) for _, placeholders in found.values() for one in placeholders}
    if not values:
        return
    listed = ", ".join(f'"{value}"' for value in [*named, *sorted(values - set(named))])
    for problems, placeholders in found.values():
        for one in placeholders:
            problems.add(
                CODE,
                "error",
                one.rows,
                f"is exactly {_written(one.value)} in {{rows}}, which looks like a code for a missing value",
                f'Set panel.missing = [{listed}] to read it as empty, or panel.accept = ["{CODE}"] if it is meant.',
            )


def _written(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else repr(value)
