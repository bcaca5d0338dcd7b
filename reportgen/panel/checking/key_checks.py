"""Market and pharmacy codes: text, kept exactly as written.

``NA``, ``00123`` and ``1E5`` are codes. Codes that only look alike are ``spellings.py``'s.
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

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
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
    """Empty keys (errors); invisible characters (warnings); pharmacies of several markets (note)."""
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
    pairs = _pairs(market, pharmacy)
    shared = np.bincount(pairs[1], minlength=len(pharmacy.names)) > 1
    if shared.any():
        rows = pharmacy.first_rows()[shared]
        problems.append(
            Problem(
                code="pharmacy-in-several-markets",
                severity="note",
                column=columns.pharmacy,
                text=f"{plural(int(shared.sum()), f'{columns.pharmacy} code')} in more than one market "
                f"(first: {quote(pharmacy.names[int(np.flatnonzero(shared)[0])])}): a pharmacy of its own in each",
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
        unicodedata.category(c) in INVISIBLE and c not in _JOINERS for c in name
    )


def read_territories(
    column: pd.Series, name: str, market: Keys, pharmacy: Keys, whole: NDArray[np.bool_]
) -> tuple[Keys, list[Problem]]:
    """Territory of every row, that of the pharmacy's first row which has one, and what is wrong with the column.

    A pharmacy belongs to one territory. One that changes is an error and no choice of ours: which of the two its sales
    belong to cannot be told.

    Parameters
    ----------
    whole
        Rows that are not ragged, (n,).
    """
    read = read_keys(column)
    joint = market.codes * max(len(pharmacy.names), 1) + pharmacy.codes
    keyed = (market.codes >= 0) & (pharmacy.codes >= 0)
    owner = np.unique(np.where(keyed, joint, -1), return_inverse=True)[1]
    known = np.flatnonzero((read.codes >= 0) & keyed)
    first = np.full(int(owner.max(initial=0)) + 1, -1, dtype=np.intp)
    # Of several assignments to one place the last stays: from behind, it is the first row.
    first[owner[known[::-1]]] = read.codes[known[::-1]]
    own = np.where(keyed, first[owner] if owner.size else -1, -1)
    problems = []
    lost = np.flatnonzero(keyed & whole & (own < 0))
    if lost.size:
        problems.append(
            Problem(
                code="empty-territory",
                severity="error",
                column=name,
                text=f"{name} is empty in {{rows}} of pharmacies that have no territory in any row",
                advice="Every pharmacy needs a territory; or leave panel.territory empty.",
                rows=lost,
            )
        )
    other = np.flatnonzero(keyed & whole & (read.codes >= 0) & (read.codes != own))
    if other.size:
        count = np.unique(owner[other]).size
        problems.append(
            Problem(
                code="pharmacy-in-several-territories",
                severity="error",
                column=name,
                text=f"{count:,} of the pharmacies "
                f"{'is' if count == 1 else 'are'} in more than one territory; another one than before in {{rows}}",
                advice="A pharmacy belongs to one territory: give it the present one in all its rows.",
                rows=other,
                show=lambda i: read.names[int(read.codes[i])],
            )
        )
    return Keys(codes=own.astype(np.intp), names=read.names), problems
