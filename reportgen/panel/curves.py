"""Concave response to adstock: what the next unit of promotion adds where there is much of it already.

One family with three members, the shifted Box-Cox transform ((1 + a/c)^p - 1) / p of adstock a (Box and Cox 1964,
J. R. Stat. Soc. B 26, equation 2) at the powers that marketing writes down: p = 0 is c log(1 + a/c), p = -1 is Hill's
a / (1 + a/c), and the limit p -> -inf with c / -p held is c (1 - exp(-a/c)). All start at zero with slope one and
flatten; c tells how soon. With c without bound each is the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.results import CurveKind

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCurve:
    """Response to the adstock of one channel, in promotion units at ``usual``: there its slope is one.

    A coefficient of the bent adstock is then what one more unit brings where promotion is as usual.

    Attributes
    ----------
    kind
        Member of the family.
    scale
        c, promotion units: the smaller, the sooner it flattens. For Hill half of all there is to have is had at c.
    usual
        Promotion units at which the slope is one.
    """

    kind: CurveKind
    scale: float
    usual: float

    def bend(self, stock: Floats) -> Floats:
        """Bent adstock of the same shape; adstock below zero counts as none."""
        share = np.maximum(stock, 0.0) / self.scale
        if self.kind == "log":
            bent = np.log1p(share)
        elif self.kind == "hill":
            bent = share / (1.0 + share)
        else:
            bent = -np.expm1(-share)
        return np.asarray(bent * (self.scale / self._steepness(np.float64(self.usual))), dtype=np.float64)

    def slope(self, stock: Floats) -> Floats:
        """What one more unit adds at each adstock, one at ``usual``."""
        return np.asarray(self._steepness(np.maximum(stock, 0.0)) / self._steepness(np.float64(self.usual)))

    def _steepness(self, stock: Floats | np.float64) -> Floats:
        share = stock / self.scale
        if self.kind == "log":
            return np.asarray(1.0 / (1.0 + share))
        if self.kind == "hill":
            return np.asarray((1.0 + share) ** -2.0)
        return np.asarray(np.exp(-share))
