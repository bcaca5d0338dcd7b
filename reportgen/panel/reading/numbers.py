"""Numbers as people write them: ``1,200``, ``1.234,50``, ``₹ 1,20,000``, ``(350)``, ``45%``.

Plain and grouped numbers take a vectorised path; the rest are parsed once per distinct text. One convention holds
for the whole file, because a single ``1,200`` does not say whether it is twelve hundred or one point two.
Rejected: guessing per value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "–", "—", ".", "<na>"})
TRUTH = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}
_INFINITE = frozenset({"inf", "infinity", "∞"})
# Arrow's engine (RE2): patterns over whole columns
_PLAIN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_GROUPED = {
    False: r"^\s*(₹|\$|€|£)?\s*-?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?\s*(₹|\$|€|£)?\s*$",
    True: r"^\s*(₹|\$|€|£)?\s*-?(\d{1,3}(\.\d{3})+|\d+)(,\d*)?\s*(₹|\$|€|£)?\s*$",
}
_CERTAIN_POINT = r"\d,\d{2,3},\d{3}(\D|$)|,\d{3}\.\d|\d{4,}\.\d|(^|[^\d.,])0?\.\d|^[^.]*\.(\d{1,2}|\d{4,})[^\d.,]*$"
_CERTAIN_COMMA = r"\.\d{3},\d|,\d{1,2}[^\d,]*$|,\d{4,}[^\d,]*$|(^|[^\d.,])0,\d"
_UNDECIDED = r"\d,\d{3}[^\d,]*$"
# Python's engine: single texts
_MONEY = re.compile(r"^(?:rs\.?|inr|eur|usd|gbp|[₹€$£¥])|(?:rs\.?|inr|eur|usd|gbp|/-|[₹€$£¥])$", re.IGNORECASE)
_BLANKS = re.compile(r"(?<=\d)['’\s\u00a0\u202f\u2009](?=\d)")
_COMMA_GROUPS = re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?")
_DOT_GROUPS = re.compile(r"\d{1,3}(\.\d{3})+(,\d*)?")
_COMMA_DECIMAL = re.compile(r"(\d+,?\d*|,\d+)(e[+-]?\d+)?")
_DOT_DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedNumbers:
    """A column as numbers. All arrays ``(n,)``.

    ``values`` is NaN where missing or unparsable, ``bad`` marks the unparsable; ``percent`` and ``truth`` mark values
    written as ``45%`` (value 45) and as TRUE/FALSE, yes/no (value 1/0).
    """

    values: NDArray[np.float64]
    bad: NDArray[np.bool_]
    percent: NDArray[np.bool_]
    truth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How numbers are written in a file.

    ``mixed``: both conventions occur beyond doubt, and the more frequent one is taken. ``undecided``: commas occur,
    and each could be either.
    """

    decimal_comma: bool = False
    mixed: bool = False
    undecided: bool = False


def is_text(column: pd.Series) -> bool:
    """Whether the column holds text (or objects) rather than numbers."""
    return column.dtype.kind not in "biufc"


def texts(column: pd.Series) -> pa.Array:
    """Column as one Arrow text array; null where missing."""
    import pyarrow as pa

    try:
        natural = pa.array(column, from_pandas=True)
        array = natural if pa.types.is_string(natural.type) else natural.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = pa.array([None if _is_missing(value) else str(value) for value in column.tolist()], type=pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _is_missing(value: object) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def find_convention(columns: list[pd.Series], delimiter: str) -> Convention:
    """Decimal comma or decimal point, from all number columns together.

    ``1,20,000``, ``1,200.5`` and ``2.5`` are certainly written with a point, ``1,5`` and ``1.234,50`` with a comma.
    Undecided (``1,200`` only): comma in a file separated by ``;``, otherwise point.
    """
    text_columns = [texts(column) for column in columns if is_text(column)]
    with_comma = [_only(text, ",") for text in text_columns]
    comma = sum(_count(text, _CERTAIN_COMMA) for text in with_comma)
    undecided = any(_count(text, _UNDECIDED) for text in with_comma)
    if not comma and not undecided:
        return Convention()
    point = sum(_count(text, _CERTAIN_POINT) for text in text_columns)
    if not point and not comma:
        return Convention(decimal_comma=delimiter == ";", undecided=True)
    return Convention(decimal_comma=comma > point, mixed=min(comma, point) > 0)


def parse_numbers(column: pd.Series, convention: Convention) -> ParsedNumbers:
    """Column as float64 under the file's convention; never raises."""
    if not is_text(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        no = np.zeros(values.size, dtype=bool)
        truth = np.full(values.size, column.dtype.kind == "b")
        return ParsedNumbers(values=values, bad=no, percent=no, truth=truth)
    text = texts(column)
    values = np.full(len(text), np.nan)
    done = _fill_matching(values, text, _PLAIN, "" if not convention.decimal_comma else r"\.")
    if not done.all():
        grouped = _fill_matching(values, text, _GROUPED[convention.decimal_comma], r"^$", convention)
        done |= grouped
    flags = np.zeros((3, values.size), dtype=bool)
    rest = np.flatnonzero(~done)
    if rest.size:
        values[rest], flags[:, rest] = _parse_each(text, rest, convention)
    bad, percent, truth = flags
    return ParsedNumbers(values=values, bad=bad, percent=percent, truth=truth)


def _only(text: pa.Array, part: str) -> pa.Array:
    import pyarrow.compute as pc

    return text.filter(pc.fill_null(pc.match_substring(text, part), fill_value=False))


def _count(text: pa.Array, pattern: str) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(pc.match_substring_regex(text, pattern)).as_py() or 0)


def _fill_matching(
    values: NDArray[np.float64], text: pa.Array, pattern: str, but_not: str, grouping: Convention | None = None
) -> NDArray[np.bool_]:
    """Convert all texts that match ``pattern`` and not ``but_not`` in place; returns which, ``(n,)``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    match = pc.match_substring_regex(text, pattern)
    if but_not:
        match = pc.and_(match, pc.invert(pc.match_substring_regex(text, but_not)))
    match = pc.fill_null(match, fill_value=False)
    chosen = text.filter(match)
    if grouping is not None:
        chosen = pc.replace_substring_regex(chosen, r"[^\d,.-]", "")
        group, decimal = (".", ",") if grouping.decimal_comma else (",", ".")
        chosen = pc.replace_substring(pc.replace_substring(chosen, group, ""), decimal, ".")
    chosen = pc.replace_substring_regex(pc.utf8_trim_whitespace(chosen), r"^\+", "")
    chosen = pc.replace_substring_regex(chosen, r"\.($|[eE])", r"\1")
    done = np.array(match.to_numpy(zero_copy_only=False), dtype=bool)
    values[done] = pc.cast(chosen, pa.float64()).to_numpy(zero_copy_only=False)
    return done


def _parse_each(
    text: pa.Array, rest: NDArray[np.intp], convention: Convention
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values ``(r,)`` and flags bad, percent, truth ``(3, r)`` of the rows ``rest``, one parse per distinct text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = text.take(pa.array(rest)).dictionary_encode()
    parsed = [_parse(value, convention) for value in encoded.dictionary.to_pylist()]
    parsed.append((np.nan, False, False, False))
    codes = pc.fill_null(encoded.indices, len(parsed) - 1).to_numpy(zero_copy_only=False)
    table = np.array(parsed, dtype=np.float64)[codes]
    return table[:, 0], table[:, 1:].T.astype(bool)


def _strip(value: str) -> tuple[str, bool, bool]:
    """Digits and separators only; whether it was negative; whether it was a percentage."""
    body = value.strip().replace("−", "-")
    negative = percent = False
    before = ""
    while body != before:
        before = body
        if body.startswith("(") and body.endswith(")"):
            negative, body = True, body[1:-1].strip()
        if body.startswith("-"):
            negative, body = True, body[1:].strip()
        if body.endswith("%"):
            percent, body = True, body[:-1].strip()
        body = _MONEY.sub("", body.removeprefix("+")).strip()
    return _BLANKS.sub("", body).casefold(), negative, percent


def _parse(value: str, convention: Convention) -> tuple[float, bool, bool, bool]:
    """Value, bad, percent, truth of one text that is neither plain nor plainly grouped."""
    folded = value.strip().casefold()
    if folded in MISSING:
        return np.nan, False, False, False
    if folded in TRUTH:
        return TRUTH[folded], False, False, True
    body, negative, percent = _strip(value)
    if body in _INFINITE:
        number = float("inf")
    elif convention.decimal_comma and (_DOT_GROUPS.fullmatch(body) or _COMMA_DECIMAL.fullmatch(body)):
        number = float(body.replace(".", "").replace(",", "."))
    elif not convention.decimal_comma and _COMMA_GROUPS.fullmatch(body):
        number = float(body.replace(",", ""))
    elif not convention.decimal_comma and _DOT_DECIMAL.fullmatch(body):
        number = float(body)
    else:
        return np.nan, True, False, False
    return (-number if negative else number), False, percent, False
