"""Columns made from the controls of a table, as ``model.formula`` asks: logarithms, powers, splines, interactions.

All are made on the grid (G, T) from what is known there, so that a row that lacks its control (or its logarithm) is
lost as one without the control itself is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np

from reportgen.panel.grid import Floats, MarketPanel
from reportgen.panel.periods import PER_YEAR
from reportgen.settings.coerce import fold_name
from reportgen.settings.formula import Piece, read_formula

KNOTS = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975),
}
"""Quantiles of the knots by their count (Harrell 2015, Regression Modeling Strategies, table 2.3)."""


def term_name(column: str) -> str:
    """Column name as a model term: ``display share`` becomes ``Display_Share``; letters of any script survive."""
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in column)
    words = "".join(kept).split()
    return "_".join(word[:1].upper() + word[1:] for word in words) or "Column"


def control_columns(panel: MarketPanel, formula: str) -> tuple[Floats, tuple[str, ...]]:
    """Controls of the model ``(k, G, T)`` and their names: those of the table, or what ``formula`` makes of them."""
    if not formula:
        return panel.controls, tuple(term_name(name) for name in panel.control_names)
    known = {fold_name(name): grid for name, grid in zip(panel.control_names, panel.controls, strict=True)}
    grids: list[Floats] = []
    names: list[str] = []
    for term in read_formula(formula).controls:
        made = [_columns(panel, piece, known) for piece in term]
        if len(made) == 1:
            grids += [grid for grid, _ in made[0]]
            names += [name for _, name in made[0]]
        else:
            # Each about its mean: the columns beside the interaction then stay those of average values.
            (one, first), (other, second) = made[0][0], made[1][0]
            grids.append((one - _mean(one)) * (other - _mean(other)))
            names.append(f"{first}_By_{second}")
    return np.stack(grids) if grids else np.empty((0, *panel.sales.shape)), tuple(names)


def _columns(panel: MarketPanel, piece: Piece, known: dict[str, Floats]) -> list[tuple[Floats, str]]:
    """Columns of one piece of a term, with their names."""
    if piece.function == "trend":
        years = np.arange(panel.n_periods) / PER_YEAR[panel.period_type]
        return [(np.broadcast_to(years, panel.sales.shape), "Trend")]
    grid, name = known[fold_name(piece.column)], term_name(piece.column)
    if not piece.function:
        return [(grid, name)]
    if piece.function == "log":
        out = np.full(grid.shape, np.nan)
        np.log(grid, out=out, where=grid > 0.0)
        return [(out, f"Log_{name}")]
    if piece.function == "power":
        return [(grid**piece.number, f"{name}_Power{piece.number}")]
    make: Callable[[Floats, int], list[Floats]] = _polynomial if piece.function == "poly" else _spline
    word = "Poly" if piece.function == "poly" else "Spline"
    return [(column, f"{name}_{word}{k}") for k, column in enumerate(make(grid, piece.number), start=1)]


def _mean(grid: Floats) -> float:
    known = grid[np.isfinite(grid)]
    return float(known.mean()) if known.size else 0.0


def _polynomial(grid: Floats, degree: int) -> list[Floats]:
    """Powers 1 to ``degree`` of the column in its standard deviations from its mean."""
    known = grid[np.isfinite(grid)]
    scale = float(known.std()) if known.size else 0.0
    scores = (grid - _mean(grid)) / (scale or 1.0)
    return [scores**k for k in range(1, degree + 1)]


def _spline(grid: Floats, count: int) -> list[Floats]:
    """Restricted cubic spline in ``count`` columns: cubic between ``count + 1`` knots, straight beyond them.

    Harrell 2015, equation 2.25, with knots at quantiles of the distinct values, so that no two fall together.
    """
    known = np.unique(grid[np.isfinite(grid)])
    if not known.size:
        return [grid] * count
    knots = np.quantile(known, KNOTS[count + 1])
    last, before = knots[-1], knots[-2]
    width = float(last - knots[0]) or 1.0
    gap = float(last - before) or 1.0

    def cube(knot: float) -> Floats:
        return np.asarray(np.maximum((grid - knot) / width, 0.0) ** 3)

    bent = [cube(knot) - cube(before) * (last - knot) / gap + cube(last) * (before - knot) / gap for knot in knots[:-2]]
    return [grid, *bent]
