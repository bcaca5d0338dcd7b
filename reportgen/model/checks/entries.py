"""Values that cannot be what was meant, and those a straight line cannot carry: slips, zero months, mostly zeros.

Finding slips is ``panel/slips.py``; here they become checks. Where they are set aside (``panel.outliers``) nothing is
left to find, and both pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.model.checks.rules import grade
from reportgen.panel.grid import MarketPanel
from reportgen.panel.slips import find_slips
from reportgen.results import Check, EntrySlip


def check_entries(panel: MarketPanel) -> tuple[Check, Check, Check]:
    """Share of the market's records that are slips, that are zero months, and that are zero for any reason."""
    slips = () if panel.set_aside is not None else find_slips(panel)
    zeros = [slip for slip in slips if slip.kind == "zero"]
    others = [slip for slip in slips if slip.kind != "zero"]
    return (
        _graded("entry-slips", others, panel.rows_read),
        _graded("zero-months", zeros, panel.rows_read),
        check_many_zeros(panel),
    )


def check_many_zeros(panel: MarketPanel) -> Check:
    """Share of the known sales that are zero; what is set aside does not count.

    A line through sales that are mostly zero is an average over a few orders: it forecasts less than nothing, its
    errors are neither normal nor of one size, and a pharmacy's own effect is the luck of its orders. Logarithms lose
    these rows, and with them the periods in which promotion did not help.
    """
    known = np.isfinite(panel.sales)
    if panel.set_aside is not None:
        known = known & ~panel.set_aside
    return grade("many-zeros", float(np.mean(panel.sales[known] == 0.0)) if known.any() else None)


def _graded(check_id: str, found: Sequence[EntrySlip], rows: int) -> Check:
    """``detail``: the first one, as pharmacy and period."""
    first = f"{found[0].pharmacy}, {found[0].period}" if found else None
    return grade(check_id, len(found) / rows if rows else None, detail=first)
