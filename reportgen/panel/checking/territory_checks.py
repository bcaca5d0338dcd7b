"""Territories: each pharmacy belongs to one, and to one only.

A pharmacy that has none in some of its rows has that of its others; changing territories is an error and not a
choice of ours, because which of them its sales belong to cannot be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import Problem
from reportgen.panel.checking.key_checks import Keys, read_keys

if TYPE_CHECKING:
    import pandas as pd


def read_territories(
    column: pd.Series, name: str, market: Keys, pharmacy: Keys, whole: NDArray[np.bool_]
) -> tuple[Keys, list[Problem]]:
    """Territory of every row, that of the pharmacy's first row which has one, and what is wrong with the column.

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
