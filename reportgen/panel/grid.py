"""One market as arrays on a (pharmacy, period) grid: the type between reading and modelling.

``contract.py`` makes these from a checked table, ``simulate.py`` from a random process, and
``features.py`` turns them into model rows. Rejected: carrying the long table along, because
every calendar rule (lag, gap, adstock) is plain slicing on a grid and error-prone on rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.panel.periods import PeriodType, period_label
from reportgen.results import EntrySlip

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def known_mean(values: Floats) -> float | None:
    """Mean of the finite values; None where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


@dataclass(frozen=True, kw_only=True, eq=False)
class MarketPanel:
    """Everything known about one market. G pharmacies, T consecutive calendar periods. Arrays are read-only.

    Attributes
    ----------
    market
        Code, as text.
    pharmacies
        Codes (G), sorted; row order of every array.
    period_type, first_period, n_periods
        Calendar of the columns, see ``periods.py``; period of column j is ``first_period + j``.
    sales
        ``(G, T)`` money, NaN where unknown.
    promotion
        ``(c, G, T)`` promotion units, NaN where unknown; ``c = 0`` where the table has no promotion.
    channels
        Column names of ``promotion``.
    controls, control_names
        ``(k, G, T)`` and their column names.
    recorded
        ``(G, T)``, True where the table has a row.
    cost
        Money per promotion unit: a number, a ``(G, T)`` array, or None.
    rows_read
        Rows of the table in this market, equal to ``recorded.sum()``.
    source
        Base name of the file, or the table's name.
    set_aside, slips
        ``(G, T)`` cells whose rows are not used because a value in them is a data-entry slip (``slips.py``), and the
        list of these; None and empty where nothing was set aside.
    territories
        Code of each pharmacy's territory (G), or empty where the settings name no column.
    unnamed_territories
        Column that may hold territories where none is named, and each pharmacy's value in it (G); ("", ()) without.
    moderators
        Columns of classes, and the class of each pharmacy in them, (G) each.
    currency
        Code that signs and headings of the table say; "" where they say none or the settings do.
    data_hash
        SHA-256 (hex) of all of the above except ``source``; independent of row order.
    """

    market: str
    pharmacies: tuple[str, ...]
    period_type: PeriodType
    first_period: int
    n_periods: int
    sales: Floats
    promotion: Floats
    channels: tuple[str, ...]
    controls: Floats
    control_names: tuple[str, ...]
    recorded: Booleans
    cost: float | Floats | None
    rows_read: int
    source: str
    set_aside: Booleans | None = None
    slips: tuple[EntrySlip, ...] = ()
    territories: tuple[str, ...] = ()
    unnamed_territories: tuple[str, tuple[str, ...]] = ("", ())
    moderators: tuple[tuple[str, tuple[str, ...]], ...] = ()
    currency: str = ""

    def __post_init__(self) -> None:
        grid = (len(self.pharmacies), self.n_periods)
        if len(self.territories) not in {0, grid[0]}:
            raise ValueError(f"{len(self.territories)} territories for {grid[0]} pharmacies")
        expected = {
            "sales": grid,
            "recorded": grid,
            "promotion": (len(self.channels), *grid),
            "controls": (len(self.control_names), *grid),
        }
        if isinstance(self.cost, np.ndarray):
            expected["cost"] = grid
        if self.set_aside is not None:
            expected["set_aside"] = grid
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
            array.flags.writeable = False

    @property
    def kept(self) -> Booleans:
        """``(G, T)`` recorded cells that are not set aside: with the first of them a pharmacy's record begins."""
        return self.recorded if self.set_aside is None else self.recorded & ~self.set_aside

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 (hex) of the market's data in canonical form."""
        digest = hashlib.sha256()
        names = (self.market, self.period_type, self.first_period, self.n_periods)
        digest.update(
            repr((names, self.pharmacies, self.channels, self.control_names)).encode("utf-8", "surrogatepass")
        )
        if self.unnamed_territories[1]:
            digest.update(repr(self.unnamed_territories).encode("utf-8", "surrogatepass"))
        if self.moderators:
            digest.update(repr(self.moderators).encode("utf-8", "surrogatepass"))
        if self.territories:
            digest.update(repr(self.territories).encode("utf-8", "surrogatepass"))
        for array in (
            self.sales,
            self.promotion,
            self.controls,
            np.asarray(np.nan if self.cost is None else self.cost),
        ):
            # One NaN and one zero (-0.0 + 0.0 is 0.0), little-endian: equal data have equal bytes on every machine.
            plain = np.where(np.isnan(array), np.nan, array).astype("<f8") + 0.0
            digest.update(np.ascontiguousarray(plain).tobytes())
        digest.update(np.packbits(self.recorded).tobytes() + self.currency.encode())
        return digest.hexdigest()

    def period_label(self, column: int) -> str:
        """ISO label of a grid column: ``2021-01``, or ``2021-01-04`` for a week."""
        return period_label(self.first_period + column, self.period_type)


def make_panel(
    market: str,
    sales: ArrayLike,
    promotion: ArrayLike | None,
    *,
    pharmacies: tuple[str, ...] = (),
    period_type: PeriodType = "month",
    first_period: int = 2021 * 12,
    channels: tuple[str, ...] = ("promotion",),
    controls: ArrayLike | None = None,
    control_names: tuple[str, ...] = (),
    recorded: Booleans | None = None,
    cost: float | Floats | None = None,
    territories: tuple[str, ...] = (),
    unnamed_territories: tuple[str, tuple[str, ...]] = ("", ()),
    moderators: tuple[tuple[str, tuple[str, ...]], ...] = (),
    source: str = "memory",
) -> MarketPanel:
    """Market from grids in memory, copying them.

    Parameters
    ----------
    sales
        ``(G, T)``.
    promotion
        ``(G, T)`` for one channel, ``(c, G, T)`` for several, None for none.
    recorded
        ``(G, T)``; by default every cell that has a sale or a promotion.
    """
    money = np.array(sales, dtype=np.float64)
    shape = money.shape
    doses = np.empty((0, *shape)) if promotion is None else np.array(promotion, dtype=np.float64).reshape(-1, *shape)
    extra = np.empty((0, *shape)) if controls is None else np.array(controls, dtype=np.float64).reshape(-1, *shape)
    if recorded is None:
        recorded = ~np.isnan(money) | np.any(~np.isnan(doses), axis=0)
    return MarketPanel(
        market=market,
        pharmacies=pharmacies or tuple(f"P{i + 1:04d}" for i in range(shape[0])),
        period_type=period_type,
        first_period=first_period,
        n_periods=shape[1],
        sales=money,
        promotion=doses,
        channels=channels if promotion is not None else (),
        controls=extra,
        control_names=control_names,
        recorded=np.array(recorded, dtype=bool),
        cost=cost,
        rows_read=int(recorded.sum()),
        source=source,
        territories=territories,
        unnamed_territories=unnamed_territories,
        moderators=moderators,
    )
