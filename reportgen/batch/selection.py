"""Which markets a run is about: comma lists of codes, globs and ``status:`` words.

A pattern is a glob as in a shell, matched against the whole market code with case; there are no
regular expressions, so no pattern can hang. A comma inside a code is matched by ``?``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from reportgen.errors import NothingSelectedError, UsageError

STATUSES = ("ok", "singular", "not-estimated", "not-estimable", "failed", "stale", "new")
_PREFIX = "status:"


def split_patterns(options: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns of one or more comma lists, blanks dropped.

    Raises
    ------
    UsageError
        If a ``status:`` word is unknown.
    """
    patterns = tuple(part.strip() for option in options for part in option.split(",") if part.strip())
    for pattern in patterns:
        word = pattern.removeprefix(_PREFIX)
        # A mistyped status would match nothing, and "nothing" may look like "all is well".
        if pattern.startswith(_PREFIX) and word not in STATUSES:
            raise UsageError(f"{pattern}: unknown status; use one of {', '.join(STATUSES)}.", code="unknown-status")
    return patterns


def select_markets(
    markets: Sequence[str], statuses: Mapping[str, str], *, select: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the markets that match any ``select`` pattern (all if none) and no ``exclude`` pattern.

    Parameters
    ----------
    statuses
        Status of each market after the last run; markets without one are ``new``.

    Raises
    ------
    NothingSelectedError
        If no market is left; names the pattern and the markets there are.
    """
    chosen = tuple(
        market
        for market in markets
        if (not select or _matches(market, statuses, select)) and not _matches(market, statuses, exclude)
    )
    if not chosen:
        shown = ", ".join(markets[:5]) + (", …" if len(markets) > 5 else "")
        asked = ", ".join(select) or "everything"
        minus = f" without {', '.join(exclude)}" if exclude else ""
        raise NothingSelectedError(
            f"no market matches {asked}{minus}. There are: {shown or 'none'}.", code="nothing-selected"
        )
    return chosen


def _matches(market: str, statuses: Mapping[str, str], patterns: Sequence[str]) -> bool:
    status = statuses.get(market, "new")
    return any(
        status == pattern.removeprefix(_PREFIX) if pattern.startswith(_PREFIX) else fnmatchcase(market, pattern)
        for pattern in patterns
    )
