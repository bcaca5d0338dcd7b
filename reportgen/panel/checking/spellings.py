"""Codes that look alike: one thing written in two ways, or two things.

Two spellings that are never met in one period, or always with the same sales, are probably one pharmacy (or market)
whose spelling changed, or a file that is in the table twice: a question, answered by ``panel.spellings``. Where both
have rows of their own in the same periods they are two, and a warning is enough. Left to ``total_checks.py``: copies
whose codes are not alike.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import Problem, of_table, plural, quote
from reportgen.panel.checking.key_checks import INVISIBLE, Keys, split_rows
from reportgen.panel.reading.columns import Columns

Rows = NDArray[np.intp]
_SIGNS = re.compile(r"[\s._/-]+")
_BESIDE = re.compile(r"(?<=[^\W\d_])-(?=\d)|(?<=\d)-(?=[^\W\d_])")
"""Signs between a letter and a digit."""
_ZEROS = re.compile(r"(?<![\d-])0+(?=\d)")
_LEAST_COMMON = 2
"""Cells with the same sales from which two spellings are one."""
_LEAST_EACH = 3
"""Cells on either side of a single common one from which the spelling changed within it."""


def fold_key(name: str) -> str:
    """Key without case, composition, invisible characters, signs and blanks around numbers, and leading zeros.

    ``N-001``, ``n 1`` and ``N001`` are alike; ``1-12`` and ``11-2`` are not.
    """
    text = name.casefold()
    # Most codes, at a tenth of the work.
    if name.isascii() and name.isalnum():
        return (_ZEROS.sub("", text) if "0" in text else text) or name
    if not (name.isascii() and name.isprintable()):
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if unicodedata.category(c) not in INVISIBLE)
    text = _SIGNS.sub("-", text).strip("-")
    return _ZEROS.sub("", _BESIDE.sub("", text)) or name


def fold_names(names: tuple[str, ...]) -> Rows:
    """Number of the fold of each name; names that look alike have the same."""
    folds: dict[str, int] = {}
    return np.array([folds.setdefault(fold_key(name), len(folds)) for name in names], dtype=np.intp)


def join_spellings(market: Keys, pharmacy: Keys, columns: Columns) -> tuple[Keys, Keys, list[Problem]]:
    """Keys with the codes that look alike written as most of their rows are; pharmacies within their market."""
    problems = []
    joined: list[Keys] = []
    for keys, column in ((market, columns.market), (pharmacy, columns.pharmacy)):
        codes = _commonest(keys, joined[0].codes if joined else np.zeros(keys.codes.size, dtype=np.intp))
        changed = codes != keys.codes
        if changed.any():
            text = f"{plural(int(changed.sum()), 'row')} with another spelling of a code read as the commonest one"
            problems.append(
                of_table("joined-spellings", "note", f"{text}, as panel.spellings says", column=column,
                         count=int(changed.sum()))
            )  # fmt: skip
        used, place = np.unique(codes[codes >= 0], return_inverse=True)
        codes[codes >= 0] = place
        joined.append(Keys(codes=codes, names=tuple(keys.names[int(i)] for i in used)))
    return joined[0], joined[1], problems


def _commonest(keys: Keys, within: Rows) -> Rows:
    """Codes ``(n,)`` of the commonest spelling of each fold, apart for each value of ``within``."""
    folds, codes = fold_names(keys.names), keys.codes.copy()
    if np.unique(folds).size == folds.size:
        return codes
    rows = np.flatnonzero((codes >= 0) & (np.bincount(folds)[folds] > 1)[codes])
    joint = np.stack([within[rows], folds[codes[rows]], codes[rows]])
    kinds, place, counts = np.unique(joint, axis=1, return_inverse=True, return_counts=True)
    best = np.lexsort((kinds[2], -counts, kinds[1], kinds[0]))
    first = np.ones(best.size, dtype=bool)
    first[1:] = (np.diff(kinds[0][best]) != 0) | (np.diff(kinds[1][best]) != 0)
    chosen = np.empty(best.size, dtype=np.intp)
    chosen[best] = kinds[2][best[np.maximum.accumulate(np.where(first, np.arange(best.size), 0))]]
    codes[rows] = chosen[place.ravel()]
    return codes


def check_spellings(
    market: Keys,
    pharmacy: Keys,
    period: NDArray[np.int64],
    sales: NDArray[np.float64],
    columns: Columns,
    *,
    ask: bool,
) -> list[Problem]:
    """Codes that look alike: errors where ``ask`` and their rows fit together as those of one, else warnings."""
    problems = []
    folds = fold_names(pharmacy.names)
    none = np.zeros(period.size, dtype=np.intp)
    for keys, role, within, column in (
        (market, "market", none, columns.market),
        (pharmacy, "pharmacy", market.codes, columns.pharmacy),
    ):
        groups = _alike(keys, within, fold_names(market.names) if keys is market else folds)
        if not groups:
            continue
        # Where two markets meet: in a pharmacy and period. Two pharmacies of one market: in a period.
        cell = period if keys is pharmacy else folds[pharmacy.codes] * (int(period.max()) + 1) + period
        cell = np.where((pharmacy.codes >= 0) & (period >= 0), cell, -1)
        one: list[Rows] = []
        apart: list[Rows] = []
        for rows in groups:
            fits = ask and _fit(keys.codes[rows], cell[rows], sales[rows], handover=keys is pharmacy)
            (one if fits else apart).append(rows)
        if one:
            problems.append(_asked(one, keys, role, column))
        if apart:
            problems.append(_similar(np.unique(keys.codes[np.concatenate(apart)]), keys, column, role))
    return problems


def _alike(keys: Keys, within: Rows, folds: Rows) -> list[Rows]:
    """Rows of the codes that have another spelling (within the same value of ``within``), a group for each fold."""
    if np.unique(folds).size == folds.size:
        return []
    rows = np.flatnonzero((keys.codes >= 0) & (within >= 0) & (np.bincount(folds)[folds] > 1)[keys.codes])
    joint = within[rows] * folds.size + folds[keys.codes[rows]]
    groups = [rows[own] for own in split_rows(joint, np.arange(rows.size))]
    return [group for group in groups if np.unique(keys.codes[group]).size > 1]


def _fit(codes: Rows, cell: NDArray[np.int64], sales: NDArray[np.float64], *, handover: bool) -> bool:
    """Whether the rows of several spellings fit together as those of one thing.

    ``handover``: one cell in common may be split between them.
    """
    known = cell >= 0
    order = np.flatnonzero(known)[np.lexsort((codes[known], cell[known]))]
    codes, cell, sales = codes[order], cell[order], sales[order]
    common = (np.diff(cell) == 0) & (np.diff(codes) != 0)
    if not common.any():
        return True
    with np.errstate(invalid="ignore"):
        differ = common & (np.abs(np.diff(sales)) > 1e-6 * np.abs(sales[1:]))
    if not differ.any():
        return int(common.sum()) >= _LEAST_COMMON
    least = int(np.unique(codes, return_counts=True)[1].min())
    return handover and int(common.sum()) == 1 and least > _LEAST_EACH


def _asked(groups: list[Rows], keys: Keys, role: str, column: str) -> Problem:
    """The question whether spellings are one; its rows are those of the rarer spellings of a pharmacy.

    Of a market they are all: none of its spellings holds the whole of it.
    """
    doubted = []
    names: dict[tuple[str, ...], None] = {}
    for rows in groups:
        codes, counts = np.unique(keys.codes[rows], return_counts=True)
        doubted.append(rows if role == "market" else rows[keys.codes[rows] != codes[np.argmax(counts)]])
        names[tuple(keys.names[int(i)] for i in codes[np.argsort(-counts, kind="stable")])] = None
    shown = "; ".join(" and ".join(quote(name) for name in spelled) for spelled in list(names)[:3])
    more = "; …" if len(names) > 3 else ""
    what = f"{len(names):,} {column} codes are each" if len(names) > 1 else f"1 {column} code is"
    return Problem(
        code=f"split-{role}",
        severity="error",
        column=column,
        text=f"{what} written in several ways ({shown}{more}) whose rows fit together as those of one {role}, "
        "in {rows}",
        advice='Set panel.spellings = "join" to make them one, written as most of the rows are, or "apart" '
        "if they are not the same.",
        rows=np.sort(np.concatenate(doubted)),
        show=lambda i: keys.names[int(keys.codes[i])],
    )


def _similar(alike: Rows, keys: Keys, column: str, role: str) -> Problem:
    """A warning about codes that look alike."""
    shown = ", ".join(quote(keys.names[int(i)]) for i in alike[:4])
    return Problem(
        code=f"similar-{role}",
        severity="warning",
        column=column,
        text=f"{alike.size:,} {column} codes differ only by case, blanks, signs, leading zeros or composed characters "
        f"({shown}{', …' if alike.size > 4 else ''}) and are kept apart",
        advice='Make them equal, or set panel.spellings = "join", if they mean the same.',
        rows=np.sort(keys.first_rows()[alike]),
        count=int(alike.size),
    )


def similar_names(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Groups of names that look alike."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(fold_key(name), []).append(name)
    return [tuple(group) for group in found.values() if len(group) > 1]
