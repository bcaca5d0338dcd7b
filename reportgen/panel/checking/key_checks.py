"""Market and pharmacy codes: text, kept exactly as written.

``NA``, ``00123`` and ``1E5`` are codes. Codes that only look alike (case, blanks, composed characters, leading zeros)
stay apart, with a warning: joining them would be a guess, and so would be calling it an error.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import Problem, plural, quote
from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.values.numbers import texts

if TYPE_CHECKING:
    import pandas as pd

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # needed by Indic scripts and emoji, so visible in effect


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keys:
    """A key column: ``codes`` ``(n,)`` are positions in ``names`` (sorted), -1 where empty."""

    codes: NDArray[np.intp]
    names: tuple[str, ...]

    def first_rows(self) -> NDArray[np.intp]:
        """First row of each name, ``(len(names),)``."""
        first = np.full(len(self.names), self.codes.size, dtype=np.intp)
        known = np.flatnonzero(self.codes >= 0)
        np.minimum.at(first, self.codes[known], known)
        return first


def read_keys(column: pd.Series) -> Keys:
    """Distinct texts of a column; blank text is no key, any other text is kept as it is."""
    import pyarrow.compute as pc

    encoded = texts(column).dictionary_encode()
    found = encoded.dictionary.to_pylist()
    names = sorted(name for name in found if name.strip())
    rank = {name: i for i, name in enumerate(names)}
    # Blank texts have no rank; the last place is that of missing ones.
    table = np.array([rank.get(name, -1) for name in found] + [-1], dtype=np.intp)
    codes = pc.fill_null(encoded.indices, len(found)).to_numpy(zero_copy_only=False)
    return Keys(codes=table[codes], names=tuple(names))


def check_keys(market: Keys, pharmacy: Keys, columns: Columns, whole: NDArray[np.bool_]) -> list[Problem]:
    """Empty keys (errors); look-alikes and invisible characters (warnings); pharmacies of several markets (note)."""
    problems = []
    for keys, column, role in ((market, columns.market, "market"), (pharmacy, columns.pharmacy, "pharmacy")):
        empty = np.flatnonzero((keys.codes < 0) & whole)
        if empty.size:
            problems.append(
                Problem(
                    code=f"empty-{role}",
                    severity="error",
                    column=column,
                    text=f"{column} is empty in {{rows}}",
                    advice=_advice(keys, role),
                    rows=empty,
                )
            )
        problems += _check_invisible(keys, column, role)
    problems += check_similar_markets(market, columns.market)
    pairs = _pairs(market, pharmacy)
    problems += _check_similar_pharmacies(pairs, pharmacy, columns.pharmacy)
    shared = np.bincount(pairs[1], minlength=len(pharmacy.names)) > 1
    if shared.any():
        rows = pharmacy.first_rows()[shared]
        problems.append(
            Problem(
                code="pharmacy-in-several-markets",
                severity="note",
                column=columns.pharmacy,
                text=f"{int(shared.sum()):,} {columns.pharmacy} codes occur in more than one market "
                f"(first: {quote(pharmacy.names[int(np.flatnonzero(shared)[0])])}); they are different pharmacies",
                advice="",
                rows=np.sort(rows),
                count=int(shared.sum()),
            )
        )
    return problems


def _advice(keys: Keys, role: str) -> str:
    """What to do about empty codes; a code before a run of empty ones is probably meant for all of them."""
    empty = keys.codes < 0
    if empty.mean() > 0.3 and not empty[0]:
        return f"If a {role} code holds for the rows below it too, set panel.fill_down = true."
    return f"Every row needs a {role} code."


def _pairs(market: Keys, pharmacy: Keys) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Distinct (market, pharmacy) pairs of rows that have both."""
    both = (market.codes >= 0) & (pharmacy.codes >= 0)
    width = max(len(pharmacy.names), 1)
    # One number a pair: unique over one column of integers is far faster than over rows of two.
    joint = np.unique(market.codes[both] * width + pharmacy.codes[both])
    return joint // width, joint % width


def fold_key(name: str) -> str:
    """Key without case, outer and repeated blanks, composition, invisible characters and leading zeros."""
    # Most codes, at a tenth of the work.
    if name.isascii() and name.isprintable():
        text = " ".join(name.casefold().split())
        return text.lstrip("0") or "0" if text.isdecimal() else text
    text = unicodedata.normalize("NFKC", name).casefold()
    text = " ".join("".join(c for c in text if unicodedata.category(c) not in _INVISIBLE).split())
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _groups_of(names: tuple[str, ...]) -> NDArray[np.intp]:
    """Number of the fold of each name."""
    folds: dict[str, int] = {}
    return np.array([folds.setdefault(fold_key(name), len(folds)) for name in names], dtype=np.intp)


def check_similar_markets(market: Keys, column: str) -> list[Problem]:
    """Market codes that look alike (a warning)."""
    groups = _groups_of(market.names)
    alike = np.flatnonzero(np.bincount(groups, minlength=1)[groups] > 1)
    return [_similar(alike, market, column, "market")] if alike.size else []


def _check_similar_pharmacies(
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]], pharmacy: Keys, column: str
) -> list[Problem]:
    groups = _groups_of(pharmacy.names)
    if np.unique(groups).size == groups.size:
        return []
    # Alike within a market only: the same code in two markets is two pharmacies anyway.
    joint = pairs[0] * (int(groups.max()) + 1) + groups[pairs[1]]
    _, place, counts = np.unique(joint, return_inverse=True, return_counts=True)
    alike = np.unique(pairs[1][counts[place] > 1])
    return [_similar(alike, pharmacy, column, "pharmacy")] if alike.size else []


def _similar(alike: NDArray[np.intp], keys: Keys, column: str, role: str) -> Problem:
    shown = ", ".join(quote(keys.names[int(i)]) for i in alike[:4])
    return Problem(
        code=f"similar-{role}",
        severity="warning",
        column=column,
        text=f"{alike.size:,} {column} codes differ only by case, blanks, leading zeros or composed characters "
        f"({shown}{', …' if alike.size > 4 else ''}) and are kept apart",
        advice="Make them equal if they mean the same.",
        rows=np.sort(keys.first_rows()[alike]),
        count=int(alike.size),
    )


def _check_invisible(keys: Keys, column: str, role: str) -> list[Problem]:
    hidden = np.flatnonzero(np.array([_has_invisible(name) for name in keys.names], dtype=bool))
    if not hidden.size:
        return []
    rows = keys.first_rows()[hidden]
    return [
        Problem(
            code=f"invisible-{role}",
            severity="warning",
            column=column,
            text=f"{column} has invisible characters in {plural(hidden.size, 'code')} "
            f"(first: {quote(keys.names[int(hidden[0])])})",
            advice="Remove them if they are not meant.",
            rows=np.sort(rows),
            count=int(hidden.size),
        )
    ]


def _has_invisible(name: str) -> bool:
    return not (name.isascii() and name.isprintable()) and any(
        unicodedata.category(c) in _INVISIBLE and c not in _JOINERS for c in name
    )
