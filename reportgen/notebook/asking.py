"""Rows to be predicted, from a pandas frame with the columns of the market's table."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reportgen.errors import InputError
from reportgen.model.effects.predictions import AskedRows
from reportgen.panel.derived import term_name
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import Floats
from reportgen.panel.periods import period_index, period_of

if TYPE_CHECKING:
    from reportgen.panel.periods import PeriodType
    from reportgen.settings.sections import Settings


def recorded_rows(frame: ModelFrame) -> AskedRows:
    """The rows that were fitted, as they are on record."""
    unknown = np.full(len(frame.response), np.nan)
    return AskedRows(
        pharmacies=tuple(frame.pharmacies[k] for k in frame.group),
        columns=frame.column.astype(np.intp),
        sales=unknown,
        promotion=np.full((len(frame.channel_terms), unknown.size), np.nan),
        controls=np.full((len(frame.control_names), unknown.size), np.nan),
    )


def asked_rows(table: pd.DataFrame, frame: ModelFrame, settings: Settings) -> AskedRows:
    """Rows of a frame: pharmacy, period, promotion, and sales and controls where it has them.

    Raises
    ------
    InputError
        A column is missing, is no number or no period, or a row lies before the record; pharmacy and period come twice.
    """
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    names = {str(name).casefold(): name for name in table.columns}
    panel = frame.panel

    def column(name: str) -> pd.Series:
        if name.casefold() not in names:
            raise InputError(
                f"predict: the frame has no column {name!r}; it has {', '.join(map(str, table.columns))}.",
                code="missing-column",
            )
        return table[names[name.casefold()]]

    key, when = settings.panel.pharmacy, settings.panel.month
    pharmacy = column(key if isinstance(key, str) else "pharmacy")
    month = column(when if isinstance(when, str) else "month")
    columns = np.array([_place(value, panel.period_type) for value in month.tolist()], dtype=np.intp)
    columns -= panel.first_period
    if (columns < 0).any():
        first = panel.period_label(0)
        raise InputError(f"predict: a row lies before {first}, with which the record begins.", code="before-record")
    codes = tuple(_code(value) for value in pharmacy.tolist())
    if len(set(zip(codes, columns.tolist(), strict=True))) < len(codes):
        raise InputError("predict: a pharmacy has two rows of one period.", code="duplicate-rows")
    controls = {term_name(str(name)): _numbers(table[name], str(name)) for name in table.columns
                if term_name(str(name)) in frame.control_names}  # fmt: skip
    unknown = np.full(len(table), np.nan)
    sales = settings.panel.sales
    return AskedRows(
        pharmacies=codes,
        columns=columns,
        sales=_numbers(column(sales), sales) if sales.casefold() in names else unknown,
        promotion=np.array([_numbers(column(name), name) for name in panel.channels]).reshape(-1, len(table)),
        controls=np.array([controls.get(name, unknown) for name in frame.control_names]).reshape(-1, len(table)),
    )


def _numbers(values: pd.Series, name: str) -> Floats:
    try:
        return pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InputError(f"predict: column {name!r} holds what is no number ({error}).", code="not-a-number") from None


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _place(value: object, kind: PeriodType) -> int:
    if isinstance(value, pd.Period):
        value = value.start_time
    if isinstance(value, datetime):
        return period_of(value.date(), kind)
    if isinstance(value, date):
        return period_of(value, kind)
    found = period_index(str(value), kind)
    if found is None:
        try:
            found = period_of(date.fromisoformat(str(value)[:10]), kind)
        except ValueError:
            raise InputError(
                f"predict: {value!r} is no {kind}; write it as in the report, e.g. 2023-01.", code="bad-period"
            ) from None
    return found
