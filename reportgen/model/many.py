"""Many mixed models at once: designs of equal shape are stacked and searched together.

A small market costs more in overhead than in arithmetic; 32 of them in one batch of the core cost a
quarter of 32 calls. The fits are those of :func:`reportgen.model.lmm.fit.fit_lmm`, which also
takes over whatever needs a third start or finer cross-products.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from reportgen.model.lmm.crossproducts import CrossProducts, Design, Scaling, cross_products, stack
from reportgen.model.lmm.fit import START_TOLERANCE, LmmFit, Method, Rung, assemble, fit_lmm
from reportgen.model.lmm.reml import minimise, starts

CHUNK = 48
"""Problems stacked together; more do not fit a core's cache."""


def fit_many(
    designs: Sequence[Design], *, method: Method = "REML", rung: Rung = "correlated", chunk: int = CHUNK
) -> list[LmmFit]:
    """Fit every design, in the given order, as ``fit_lmm`` would one by one.

    Parameters
    ----------
    chunk
        Problems stacked together. Designs with equal numbers of columns share a stack; their numbers of
        pharmacies may differ (the smaller are padded), so designs of like size are put together.

    Raises
    ------
    RankDeficient, NoResidualVariation
        A design cannot be fitted.
    """
    fits: dict[int, LmmFit] = {}
    for members in _chunks(designs, chunk):
        fits |= zip(members, _fit_chunk([designs[k] for k in members], method, rung), strict=True)
    return [fits[k] for k in range(len(designs))]


def _chunks(designs: Sequence[Design], size: int) -> Iterator[list[int]]:
    """Positions of designs with equal p and q and like numbers of pharmacies."""
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, design in enumerate(designs):
        alike[design.x.shape[1], design.z.shape[1]].append(k)
    for members in alike.values():
        members.sort(key=lambda k: designs[k].groups)
        for start in range(0, len(members), size):
            yield members[start : start + size]


def _fit_chunk(designs: list[Design], method: Method, rung: Rung) -> Iterator[LmmFit]:
    correlated = rung != "uncorrelated"
    made: list[tuple[CrossProducts, Scaling]] = [cross_products(design, correlated=correlated) for design in designs]
    batch = stack([products for products, _ in made])
    first, second = starts(batch, correlated=correlated)
    twice = batch.take(np.tile(np.arange(len(designs)), 2))
    found = minimise(twice, np.concatenate([first, second]), reml=method == "REML", correlated=correlated)
    for k, (design, (products, scaling)) in enumerate(zip(designs, made, strict=True)):
        searches = found.take([k, len(designs) + k])
        if not abs(searches.deviance[0] - searches.deviance[1]) < 2.0 * START_TOLERANCE:
            yield fit_lmm(design, method=method, rung=rung)
            continue
        fit = assemble(design, products, scaling, searches, method=method, rung=rung)
        yield fit_lmm(design, method=method, rung=rung) if fit.digits_lost else fit
