"""From model rows to design matrices: which columns a model has, and what they are called.

One place decides the terms of the default model, of the plain seed model and of the model
without promotion, so that every variant is fitted on identical rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.config import ModelSettings
from reportgen.model.crossproducts import Array, Design
from reportgen.panel.features import ModelFrame

INTERCEPT = "Intercept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Names of the columns, by their role."""

    promotion: tuple[str, ...]
    lags: tuple[str, ...]
    controls: tuple[str, ...]
    correction: tuple[str, ...]
    random: tuple[str, ...]
    response: str

    @property
    def fixed(self) -> tuple[str, ...]:
        """All fixed-effect columns in the order of the coefficient table."""
        return (INTERCEPT, *self.promotion, *self.lags, *self.controls, *self.correction)

    @property
    def formula(self) -> str:
        """The fixed part as one would type it in statsmodels."""
        return f"{self.response} ~ " + " + ".join(self.fixed[1:] or ("1",))

    @property
    def random_formula(self) -> str:
        """The random part as one would type it in statsmodels."""
        return "~ " + " + ".join(self.random[1:] or ("1",))


def model_terms(frame: ModelFrame, model: ModelSettings, *, correction: bool, random_slope: bool) -> Terms:
    """Terms of the model on this frame. Correction columns without variation are left out."""
    kept: tuple[str, ...] = ()
    if correction:
        varies = np.ptp(frame.correction, axis=0) > 0.0 if len(frame.correction) else np.zeros(0, dtype=bool)
        kept = tuple(name for name, keep in zip(frame.correction_names, varies, strict=True) if keep)
    random = (INTERCEPT, *frame.channel_terms) if random_slope else (INTERCEPT,)
    return Terms(
        promotion=frame.channel_terms,
        lags=frame.lag_names,
        controls=frame.control_names,
        correction=kept,
        random=random,
        response=frame.response_name,
    )


def design_matrix(frame: ModelFrame, terms: Terms, adstock: Array) -> Design:
    """Rows and columns of ``terms`` with adstocked promotion ``adstock`` (n, c)."""
    n = len(frame.response)
    known = {INTERCEPT: np.ones(n)}
    for names, block in (
        (frame.channel_terms, adstock),
        (frame.lag_names, frame.lags),
        (frame.control_names, frame.controls),
        (frame.correction_names, frame.correction),
    ):
        known.update({name: block[:, k] for k, name in enumerate(names)})
    return Design(
        y=frame.response,
        x=np.column_stack([known[name] for name in terms.fixed]),
        z=np.column_stack([known[name] for name in terms.random]),
        group=frame.group.astype(np.intp),
        groups=len(frame.pharmacies),
        names=terms.fixed,
        z_names=terms.random,
        y_name=terms.response,
    )


def market_design(frame: ModelFrame, terms: Terms, decays: Sequence[float]) -> Design:
    """Design at one decay per channel."""
    return design_matrix(frame, terms, frame.adstock(tuple(decays)))
