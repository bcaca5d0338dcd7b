"""What every result must be: finite, and inside its own interval, or ``None``.

``mend`` takes away what is not (an interval that leaves its estimate out says nothing true about it), ``faults`` lists
what is left; a market that is not ``sound`` is not reported. Each walks all of the results, so a new number is held to
it as soon as its interval is named like the ones in ``INTERVALS``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from math import isfinite
from types import NoneType
from typing import Any, get_args, get_type_hints

INTERVALS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("lower", "upper", ("estimate", "total", "sd", "value", "total_slope", "effect", "roi", "sales", "incremental")),
    ("cumulative_lower", "cumulative_upper", ("cumulative",)),
    ("share_lower", "share_upper", ("share",)),
    ("without_lower", "without_upper", ("without",)),
    ("profit_lower", "profit_upper", ("profit",)),
    ("planned_lower", "planned_upper", ("planned",)),
    ("gain_lower", "gain_upper", ("gain",)),
    ("break_even_lower", "break_even_upper", ("break_even_cost",)),
)
"""Names of the limits and of what they are limits of, the first that a type has."""
SLACK = 1e-9
"""Relative size of what rounding may do."""


_PLAIN = frozenset({bool, int, str, float, NoneType})
"""Types that most of the results consist of, and that nothing has to be looked up for."""


def sound(node: Any) -> bool:
    """Whether there are no :func:`faults`, without their paths: most of the time of looking for them."""
    if isinstance(node, float):
        return isfinite(node)
    if isinstance(node, tuple):
        return all(isfinite(one) if type(one) is float else type(one) in _PLAIN or sound(one) for one in node)
    if not is_dataclass(node):
        return True
    kind: Any = type(node)
    values = [getattr(node, name) for name in _names(kind)]
    return sound(tuple(values)) and not any(_outside(node))


def faults(node: Any, path: str = "") -> Iterator[str]:
    """Paths of numbers that are not finite and of intervals without their estimate."""
    if isinstance(node, float):
        if not isfinite(node):
            yield path
    elif isinstance(node, tuple):
        for i, item in enumerate(node):
            yield from faults(item, f"{path}.{i}")
    elif is_dataclass(node):
        yield from (f"{path}.{low}" for low, _ in _outside(node))
        for one in fields(node):
            yield from faults(getattr(node, one.name), f"{path}.{one.name}")


def mend(node: Any) -> Any:
    """The same without non-finite numbers where none may stand, and without intervals that leave their estimate out."""
    if isinstance(node, tuple):
        if all(type(item) in _PLAIN for item in node):
            return node
        # The same object where nothing changed: most of the results are walked and not built again.
        made = tuple(mend(item) for item in node)
        return node if all(a is b for a, b in zip(made, node, strict=True)) else made
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes: dict[str, Any] = {}
    for name in _names(type(node)):
        value = getattr(node, name)
        if isinstance(value, float):
            if not isfinite(value) and name in _optional(type(node)):
                changes[name] = None
        elif type(value) not in _PLAIN and (new := mend(value)) is not value:
            changes[name] = new
    found: Any = replace(node, **changes) if changes else node
    # After the numbers: a limit that was not finite is gone by now.
    gone = {name: None for pair in _outside(found) for name in pair}
    return replace(found, **gone) if gone else found


def _outside(node: Any) -> Iterator[tuple[str, str]]:
    """Names of the limits that do not hold what they are limits of."""
    kind: Any = type(node)
    for low, high, name in _limits(kind):
        lower, upper = _number(node, low), _number(node, high)
        centre = _number(node, name) if name else None
        slack = SLACK * max(abs(one) for one in (lower, upper, centre, 0.0) if one is not None)
        under = lower is not None and (upper is not None and lower > upper + slack)
        beyond = centre is not None and (
            (lower is not None and centre < lower - slack) or (upper is not None and centre > upper + slack)
        )
        if under or beyond:
            yield low, high


def _number(node: Any, name: str) -> float | None:
    """The number of that name, if it is one (charts have whole bands)."""
    value = getattr(node, name, None)
    return value if isinstance(value, float) else None


@lru_cache(maxsize=256)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


@lru_cache(maxsize=256)
def _limits(kind: type) -> tuple[tuple[str, str, str], ...]:
    """Names of lower limit, upper limit and of what they are limits of (or nothing), as far as a type has them."""
    return tuple(
        (low, high, next((name for name in centres if hasattr(kind, name)), ""))
        for low, high, centres in INTERVALS
        if hasattr(kind, low) or hasattr(kind, high)
    )


@lru_cache(maxsize=128)
def _optional(kind: type) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(kind).items() if NoneType in get_args(hint))
