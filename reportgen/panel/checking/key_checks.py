"""Market and pharmacy codes: text, kept exactly as written.

``NA``, ``00123`` and ``1E5`` are codes. Codes that only look alike are ``spellings.py``'s.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import ERROR_TEXT, no_result
from reportgen.panel.checking.findings import Problem, plural, quote
from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.values.numbers import texts
from reportgen.panel.reading.workbook import NO_RESULT

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


def split_rows(codes: NDArray[np.intp], rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The given rows of each code, in the order of the codes and of the rows; ``codes`` are those of all rows."""
    order = rows[np.argsort(codes[rows], kind="stable")]
    return [own for own in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if own.size]


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
        problems += _check_formulas(keys, column, whole)
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


def _check_formulas(keys: Keys, column: str, whole: NDArray[np.bool_]) -> list[Problem]:
    """Codes that are the error of a formula, or a formula without a result."""
    failed = [i for i, name in enumerate(keys.names) if ("#" in name or ":" in name) and re.match(ERROR_TEXT, name)]
    if not failed:
        return []
    unknown = [i for i in failed if keys.names[i] == NO_RESULT]
    problems = no_result(column, np.isin(keys.codes, unknown), whole)
    rows = np.flatnonzero(np.isin(keys.codes, sorted(set(failed) - set(unknown))) & whole)
    if rows.size:
        problems.append(
            Problem(
                code="error-cell",
                severity="error",
                column=column,
                text=f"{column} is an error of a formula in {{rows}}",
                advice="Correct the formula that looks the codes up.",
                rows=rows,
                show=lambda i: keys.names[int(keys.codes[i])],
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


def read_levels(
    frame: pd.DataFrame, columns: Columns, market: Keys, pharmacy: Keys, whole: NDArray[np.bool_]
) -> tuple[dict[str, Keys], list[Problem]]:
    """Columns of which a pharmacy has one value (territory, moderators), by name, and what is wrong with them.

    Parameters
    ----------
    whole
        Rows that are not ragged, (n,).
    """
    joint = market.codes * max(len(pharmacy.names), 1) + pharmacy.codes
    owner = np.where((market.codes >= 0) & (pharmacy.codes >= 0), joint, -1)
    levels, problems = {}, []
    for name in filter(None, dict.fromkeys((columns.territory, *columns.moderators))):
        read = read_keys(frame[name])
        own = _of_first_row(read.codes, owner)
        levels[name] = Keys(codes=own, names=read.names)
        problems += _check_level(read, own, owner, whole, name, _TERRITORY if name == columns.territory else _CLASS)
    if columns.candidate and columns.candidate not in levels:
        read = read_keys(frame[columns.candidate])
        own = _of_first_row(read.codes, owner)
        # Nobody said that it is a territory: a column that cannot be one is left alone.
        if np.all(own[owner >= 0] >= 0) and np.all((read.codes < 0) | (read.codes == own)):
            levels[columns.candidate] = Keys(codes=own, names=read.names)
    return levels, problems


_TERRITORY = ("territory", "territories", "leave panel.territory empty")
_CLASS = ("class", "classes", "take the column out of model.moderators")
"""What a level is called, several of them, and how to do without."""


def _of_first_row(codes: NDArray[np.intp], owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Code of the first row of each row's pharmacy that has one, (n,); -1 where none has."""
    place = np.unique(owner, return_inverse=True)[1]
    first = np.full(int(place.max(initial=0)) + 1, -1, dtype=np.intp)
    known = np.flatnonzero((codes >= 0) & (owner >= 0))[::-1]
    # Of several assignments to one place the last stays: from behind, it is the first row.
    first[place[known]] = codes[known]
    return np.where(owner >= 0, first[place], -1).astype(np.intp) if owner.size else owner


def _check_level(
    read: Keys,
    own: NDArray[np.intp],
    owner: NDArray[np.intp],
    whole: NDArray[np.bool_],
    name: str,
    words: tuple[str, str, str],
) -> list[Problem]:
    """Pharmacies without a value, or with several: which of these their sales belong to cannot be told."""
    one, several, otherwise = words
    problems = []
    lost = np.flatnonzero((owner >= 0) & whole & (own < 0))
    if lost.size:
        problems.append(
            Problem(
                code=f"empty-{one}",
                severity="error",
                column=name,
                text=f"{name} is empty in {{rows}} of pharmacies that have no {one} in any row",
                advice=f"Every pharmacy needs a {one}; or {otherwise}.",
                rows=lost,
            )
        )
    other = np.flatnonzero((owner >= 0) & whole & (read.codes >= 0) & (read.codes != own))
    if other.size:
        count = np.unique(owner[other]).size
        problems.append(
            Problem(
                code=f"pharmacy-in-several-{several}",
                severity="error",
                column=name,
                text=f"{count:,} of the pharmacies "
                f"{'is' if count == 1 else 'are'} in more than one {one} ({name}); another one than before in {{rows}}",
                advice=f"A pharmacy belongs to one {one}: give it the present one in all its rows.",
                rows=other,
                show=lambda i: read.names[int(read.codes[i])],
            )
        )
    return problems
