"""Values that cannot be what was meant: slips of the pen, and months written as zero.

Finding them is ``panel/slips.py``; here they become checks. Where they are set aside (``panel.outliers``) nothing is
left to find, and both pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.model.checks.rules import grade
from reportgen.panel.grid import MarketPanel
from reportgen.panel.slips import find_slips
from reportgen.results import Check, EntrySlip


def check_entries(panel: MarketPanel) -> tuple[Check, Check]:
    """Share of the market's records that are slips, and that are zero months, among what the model uses."""
    slips = () if panel.set_aside is not None else find_slips(panel)
    zeros = [slip for slip in slips if slip.kind == "zero"]
    others = [slip for slip in slips if slip.kind != "zero"]
    return _graded("entry-slips", others, panel.rows_read), _graded("zero-months", zeros, panel.rows_read)


def _graded(check_id: str, found: Sequence[EntrySlip], rows: int) -> Check:
    """``detail``: the first one, as pharmacy and period."""
    first = f"{found[0].pharmacy}, {found[0].period}" if found else None
    return grade(check_id, len(found) / rows if rows else None, detail=first)
