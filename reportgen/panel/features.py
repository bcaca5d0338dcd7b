"""Model rows of one market: which cells are used, their lags, controls and corrections.

Rows of a :class:`ModelFrame` are the used cells of the grid in C order (pharmacy, then
period). The adstock column depends on the decay, so it is a method: the rows are the same at
every decay, which makes log-likelihoods comparable. Every recorded cell is either used or
lost for exactly one reason. What the columns mean statistically is left to ``model/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.panel import transforms
from reportgen.panel.curves import ResponseCurve
from reportgen.panel.derived import control_columns, term_name
from reportgen.panel.grid import Booleans, Floats, MarketPanel
from reportgen.panel.scale import in_money, on_scale, pharmacy_sizes
from reportgen.results import ModelTerm, RowsLost
from reportgen.settings.statistics import AdstockSettings, ModelSettings, Response

Indices = NDArray[np.intp]
INITIAL_OFFSETS = (1, 2)
"""Periods before a pharmacy's first row whose sales and promotion are kept, where the lags reach them."""
INTERCEPT, RESIDUAL = "Intercept", "Residual"
RESERVED_TERMS = (INTERCEPT, RESIDUAL, "Initial_Sales", "Initial_Sales_Mean", "Trend", "Initial_Sales_Trend")
"""Terms whose names no column of the table decides."""
_RESPONSE_NAMES: dict[Response, str] = {"level": "Sales", "relative": "Relative_Sales", "log": "Log_Sales"}
_CORRECTED = {"Before1_Sales": "Initial_Sales", "Before_Sales_Mean": "Initial_Sales_Mean"}
"""Initial conditions that the reported correction keeps, and what they are called there."""
LOSS_REASONS = (
    "set-aside",
    "missing-sales",
    "missing-promotion",
    "missing-control",
    "non-positive-sales",
    "first-periods",
    "gap",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelFrame:
    """Rows of the model. n rows, Gu pharmacies with at least one row, c channels. Arrays are read-only.

    Attributes
    ----------
    panel
        The market the rows come from.
    used
        ``(G, T)``, True where the cell is a row.
    grid_rows
        ``(Gu,)`` rows of the grid that have a used cell, ascending.
    pharmacies
        Their codes (Gu).
    group
        ``(n,)`` position in ``pharmacies``, non-decreasing.
    column
        ``(n,)`` period column of the grid.
    response, response_name, scale, sizes
        ``(n,)`` sales in money (``level``), in money of a pharmacy of average size (``relative``), or their natural
        logarithm (``log``); ``(Gu,)`` sales of each pharmacy over those of an average one, ones but for ``relative``.
    lags, lag_names, lag_periods
        ``(n, L)`` the response 1, 2 ... periods earlier.
    controls, control_names
        ``(n, k)`` in the units of their columns, or what ``model.formula`` makes of them.
    correction, correction_names
        ``(n, m)`` initial condition, constant within a pharmacy: the response in the last known period before
        its first row, and where lags reach back further than two periods the mean of those before; none without lags.
        (The promotion columns of the correction depend on the decay.)
    initial, initial_terms
        ``(n, k)`` everything known of a pharmacy before its first row, constant within it: the response and each
        channel's promotion one and two periods before (as far as the lags reach), and mean promotion over its rows.
    promotion
        ``(n, c)`` raw promotion units.
    sales
        ``(n,)`` money.
    channel_terms, channel_labels
        Names of the adstock columns (c), and of their channels as parts of names ("" for a single one).
    normalize
        Whether adstock weights sum to one.
    rows_lost
        By reason, zero counts left out; ``panel.rows_read == n + sum of rows``.
    curves
        How each channel's adstock is bent before it is a column (c); empty or None: not at all.
    """

    panel: MarketPanel
    used: Booleans
    grid_rows: Indices
    pharmacies: tuple[str, ...]
    group: Indices
    column: Indices
    response: Floats
    response_name: str
    scale: Response
    sizes: Floats
    lags: Floats
    lag_names: tuple[str, ...]
    lag_periods: tuple[int, ...]
    controls: Floats
    control_names: tuple[str, ...]
    correction: Floats
    correction_names: tuple[str, ...]
    initial: Floats
    initial_terms: tuple[ModelTerm, ...]
    promotion: Floats
    sales: Floats
    channel_terms: tuple[str, ...]
    channel_labels: tuple[str, ...]
    normalize: bool
    rows_lost: tuple[RowsLost, ...]
    curves: tuple[ResponseCurve | None, ...] = ()

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def adstock(self, decays: Sequence[float]) -> Floats:
        """Adstocked promotion of every row at one decay per channel: ``(n, c)``, promotion units."""
        if len(decays) != len(self.channel_terms):
            raise ValueError(f"{len(decays)} decays for {len(self.channel_terms)} channels")
        columns = [self.adstock_profile(decay, channel) for channel, decay in enumerate(decays)]
        return np.column_stack(columns) if columns else np.empty((self.response.size, 0))

    def adstock_profile(self, decays: ArrayLike, channel: int = 0) -> Floats:
        """Adstock of one channel at many decays at once: ``(n,)`` for a scalar, ``(n, K)`` for K decays."""
        carried = self.adstock_grid(decays, channel)[..., self.group, self.column]
        return np.ascontiguousarray(np.moveaxis(carried, -1, 0))

    def adstock_grid(self, decays: ArrayLike, channel: int = 0) -> Floats:
        """The same on the whole grid of the pharmacies with rows, gaps included: ``(*S, Gu, T)`` for decays ``S``."""
        # On the grid, so that a visit in a gap goes on working in the rows behind it.
        grid = self.panel.promotion[channel][self.grid_rows]
        curve = self.curve(channel)
        if curve is None:
            return transforms.adstock(grid, decays, self.normalize)
        bent = curve.bend(transforms.adstock(grid, decays) + self.leftover(decays, channel))
        rest = 1.0 if self.normalize else 1.0 - np.asarray(decays, dtype=np.float64)[..., None, None]
        return np.asarray(bent / rest)

    def leftover(self, decays: ArrayLike, channel: int = 0) -> Floats:
        """What is left at each period of promotion from before the record, ``(*S, Gu, T)``, in units of the adstock.

        It is not known; a pharmacy's mean promotion stands for it. A straight response has a column of the correction
        for it, a bent one must know where on the curve a pharmacy begins.
        """
        rate = np.asarray(decays, dtype=np.float64)
        # As much again as a dose that was given in the period before the first, and adstock's weights are not scaled.
        return rate[..., None, None] * transforms.adstock(self.before()[channel], rate, normalize=False)

    def before(self) -> Floats:
        """Mean promotion of each pharmacy in the period its record begins, zero elsewhere, ``(c, Gu, T)``."""
        begins = np.zeros((len(self.channel_terms), *self.used[self.grid_rows].shape))
        first = self.panel.kept[self.grid_rows].argmax(axis=1)
        sizes = np.bincount(self.group)
        for channel, dose in enumerate(self.promotion.T):
            begins[channel, np.arange(len(first)), first] = np.bincount(self.group, weights=dose) / sizes
        return begins

    def level(self, decay: float, channel: int = 0) -> Floats:
        """Promotion of one channel with its carry-over, not bent, in units per period: ``(n,)``."""
        grid = self.panel.promotion[channel][self.grid_rows]
        return np.ascontiguousarray(transforms.adstock(grid, decay)[self.group, self.column])

    def straight(self) -> ModelFrame:
        """The same rows with every response a straight line."""
        return replace(self, curves=()) if self.curves else self

    def curve(self, channel: int) -> ResponseCurve | None:
        """How one channel's adstock is bent; None: it is not."""
        return self.curves[channel] if self.curves else None

    def response_grid(self) -> Floats:
        """Response of the used pharmacies in every period, ``(Gu, T)``; NaN where unknown, or without a logarithm."""
        return on_scale(self.panel.sales[self.grid_rows], self.scale, self.sizes)

    def money(self, response: Floats, group: Indices) -> Floats:
        """Responses of pharmacies of the frame as money; ``group`` broadcasts to their shape."""
        return in_money(response, self.scale, self.sizes[group])


def build_frame(panel: MarketPanel, model: ModelSettings, adstock: AdstockSettings) -> ModelFrame:
    """Rows, lags, controls and corrections of one market.

    Lags count calendar periods within a pharmacy; a row is used when the response, every channel, every control and
    every lag of the response are known. Never fails on a legal panel: it may return zero rows.
    """
    sizes = pharmacy_sizes(panel, model.scale, model.lag_periods)
    response = on_scale(panel.sales, model.scale, sizes)
    lagged = np.empty((len(model.lag_periods), *response.shape))
    for row, k in zip(lagged, model.lag_periods, strict=True):
        row[...] = transforms.lag(response, k)
    controls, control_names = control_columns(panel, model.formula)
    used, lost = _select_rows(panel, model, response, lagged, controls)
    grid_row, column = np.nonzero(used)
    grid_rows, group = np.unique(grid_row, return_inverse=True)
    response_name = _RESPONSE_NAMES[model.scale]
    doses = panel.promotion[:, grid_row, column].T
    labels = _channel_labels(panel)
    channel_terms = tuple(promotion_term("Adstock", label) for label in labels)
    lag_names = tuple(f"Lag{k}_{response_name}" for k in model.lag_periods)
    initial, initial_terms = _initial_conditions(panel, model, response, (grid_row, column), labels)
    return ModelFrame(
        panel=panel,
        used=used,
        grid_rows=grid_rows,
        pharmacies=tuple(panel.pharmacies[i] for i in grid_rows),
        group=group,
        column=column,
        response=response[grid_row, column],
        response_name=response_name,
        scale=model.scale,
        sizes=sizes[grid_rows],
        lags=np.ascontiguousarray(lagged[:, grid_row, column].T),
        lag_names=lag_names,
        lag_periods=tuple(model.lag_periods),
        controls=np.ascontiguousarray(controls[:, grid_row, column].T),
        # A column that would have the name of another term gets a number.
        control_names=_distinct(control_names, taken=_taken(response_name, lag_names, labels, initial_terms)),
        correction=initial[:, [k for k, term in enumerate(initial_terms) if term.term in _CORRECTED]],
        correction_names=tuple(_CORRECTED[term.term] for term in initial_terms if term.term in _CORRECTED),
        initial=initial,
        initial_terms=initial_terms,
        promotion=np.ascontiguousarray(doses),
        sales=panel.sales[grid_row, column],
        channel_terms=channel_terms,
        channel_labels=labels,
        normalize=adstock.normalize,
        rows_lost=lost,
    )


def _distinct(names: Iterable[str], taken: tuple[str, ...]) -> tuple[str, ...]:
    seen = list(taken)
    for name in names:
        candidate, number = name, 1
        while candidate in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.append(candidate)
    return tuple(seen[len(taken) :])


def _taken(
    response_name: str, lag_names: tuple[str, ...], labels: tuple[str, ...], initial_terms: tuple[ModelTerm, ...]
) -> tuple[str, ...]:
    """Every name that a control may not have because another column of the model has it."""
    parts = ("Adstock", "Mean", "Initial", "Presample")
    promotion = [promotion_term(part, label) for part in parts for label in labels]
    return (*RESERVED_TERMS, response_name, *lag_names, *promotion, *(column.term for column in initial_terms))


def _channel_labels(panel: MarketPanel) -> tuple[str, ...]:
    if len(panel.channels) == 1:
        return ("",)
    return _distinct((term_name(name) for name in panel.channels), taken=())


def promotion_term(part: str, label: str) -> str:
    """Term of one channel's promotion: ``Adstock_Promotion`` of a single channel, ``Adstock_Calls`` of one of several;
    parts that are not the adstock itself keep the word: ``Mean_Promotion_Calls``.
    """
    if not label:
        return f"{part}_Promotion"
    return f"{part}_{label}" if part == "Adstock" else f"{part}_Promotion_{label}"


def _select_rows(
    panel: MarketPanel, model: ModelSettings, response: Floats, lagged: Floats, controls: Floats
) -> tuple[Booleans, tuple[RowsLost, ...]]:
    """Used cells, and the reason each other recorded cell is lost (the first that applies)."""
    # Periods since the pharmacy's first record: lags that reach back beyond it are its beginning, later unknown ones
    # are gaps.
    since_first = np.cumsum(np.maximum.accumulate(panel.kept, axis=1), axis=1) - 1
    tests = (
        np.zeros(panel.sales.shape, dtype=bool) if panel.set_aside is None else panel.set_aside,
        np.isnan(panel.sales),
        np.isnan(panel.promotion).any(axis=0),
        np.isnan(controls).any(axis=0),
        np.isnan(response),
        since_first < max(model.lag_periods, default=0),
        np.isnan(lagged).any(axis=0),
    )
    used = panel.recorded.copy()
    lost = []
    for reason, test in zip(LOSS_REASONS, tests, strict=True):
        rows = int((used & test).sum())
        # A cell is counted for the first reason that applies and is out of the game for the later ones.
        used &= ~test
        if rows:
            lost.append(RowsLost(reason=reason, rows=rows))
    return used, tuple(lost)


def _initial_conditions(
    panel: MarketPanel,
    model: ModelSettings,
    response: Floats,
    cells: tuple[Indices, Indices],
    labels: tuple[str, ...],
) -> tuple[Floats, tuple[ModelTerm, ...]]:
    """Sales and promotion of the periods that the lags lose, and mean promotion, ``(n, m)``, with their terms.

    Given all of them the random intercept is independent of the lagged sales (Wooldridge 2005; Mundlak 1978).
    Promotion that is unknown counts as none, as for adstock.
    """
    rows, group = np.unique(cells[0], return_inverse=True)
    starts, sizes = np.searchsorted(group, np.arange(rows.size)), np.bincount(group, minlength=rows.size)
    first = cells[1][starts]
    offsets = tuple(k for k in INITIAL_OFFSETS if k in model.lag_periods)
    columns: list[Floats] = []
    terms: list[ModelTerm] = []
    if model.lag_periods:
        columns.append(_last_before(response[rows], first))
        terms.append(ModelTerm(term="Before1_Sales", role="initial-sales", lag=1))
    if max(model.lag_periods, default=0) > max(INITIAL_OFFSETS):
        # More initial conditions than columns worth having: the latest one and their mean stand for all.
        columns.append(_mean_before(response[rows], first))
        terms.append(ModelTerm(term="Before_Sales_Mean", role="initial-sales", lag=max(model.lag_periods)))
    # Only where both lags are in the model: then two periods before the first row are sure to be known.
    if offsets == INITIAL_OFFSETS:
        columns.append(response[rows, first - 2])
        terms.append(ModelTerm(term="Before2_Sales", role="initial-sales", lag=2))
    for c, (dose, label) in enumerate(zip(panel.promotion, labels, strict=True)):
        columns.append(np.bincount(group, weights=dose[cells], minlength=rows.size) / sizes)
        name = promotion_term("Average", label)
        terms.append(ModelTerm(term=name, role="mean-promotion", channel=c, label=label))
    for k in offsets:
        for c, (dose, label) in enumerate(zip(panel.promotion, labels, strict=True)):
            columns.append(np.nan_to_num(dose[rows, first - k]))
            name = promotion_term(f"Before{k}", label)
            terms.append(ModelTerm(term=name, role="initial-promotion", channel=c, lag=k, label=label))
    made = np.column_stack(columns) if columns else np.empty((rows.size, 0))
    return np.ascontiguousarray(made[group]), tuple(terms)


def _mean_before(response: Floats, first: Indices) -> Floats:
    """Mean of the known responses strictly before column ``first`` of each row, ``(Gu,)``."""
    known = ~np.isnan(response) & (np.arange(response.shape[1]) < first[:, None])
    count = known.sum(axis=1)
    return np.asarray(np.where(known, response, 0.0).sum(axis=1) / np.maximum(count, 1))


def _last_before(response: Floats, first: Indices) -> Floats:
    """Last known response strictly before column ``first`` of each row, ``(Gu,)``."""
    periods = np.arange(response.shape[1])
    known = ~np.isnan(response) & (periods < first[:, None])
    last = np.where(known, periods, 0).max(axis=1, initial=0)
    return np.asarray(response[np.arange(first.size), last])
