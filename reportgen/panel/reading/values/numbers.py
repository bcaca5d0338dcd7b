"""Numbers as people write them: ``1,200``, ``1.234,50``, ``₹ 1,20,000``, ``(350)``, ``45%``, ``57.7k``, ``3 lakh``.

Plain and grouped numbers take a vectorised path; the rest are parsed once per distinct text. One convention holds
for the whole source (``conventions.py`` finds it), because a single ``1,200`` or ``1.200`` does not say whether it is
twelve hundred or one point two. Cells that are numbers already never pass through these rules. Rejected: guessing per
value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.reading.raw import is_number

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "–", "—", "--", ".", "<na>", "nat"})
_TRUE = "true yes y oui vrai ja wahr sí verdadero sim verdadeiro vero हाँ हां tak evet".split()  # noqa: SIM905
_FALSE = "false no n non faux nein falsch falso não nao नहीं nej nie hayır".split()  # noqa: SIM905
TRUTH = dict.fromkeys(_TRUE, 1.0) | dict.fromkeys(_FALSE, 0.0)
LONGEST = 64
"""Characters; a longer text is no number."""
UNITS = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3, "tsd.": 1e3, "mille": 1e3,
    "m": 1e6, "mn": 1e6, "mio": 1e6, "mio.": 1e6, "mln": 1e6, "million": 1e6, "millions": 1e6,
    "bn": 1e9, "billion": 1e9, "mrd": 1e9, "mrd.": 1e9,
    "l": 1e5, "lac": 1e5, "lacs": 1e5, "lakh": 1e5, "lakhs": 1e5,
    "cr": 1e7, "cr.": 1e7, "crore": 1e7, "crores": 1e7,
}  # fmt: skip
_UNIT = re.compile(
    rf"\s*({'|'.join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))})$", re.IGNORECASE
)
_INFINITE = frozenset({"inf", "infinity", "∞"})
CODES = "inr|eur|usd|gbp|jpy|chf|pln|brl|cad|aud|mxn|try|zar|cny|sek|nok|dkk|aed|sgd|idr|thb|php|czk|huf"
_SIGNS = "r[$]|us[$]|a[$]|c[$]|₹|[$]|€|£|¥|₩|₺|₽|₪|₫|₦|₱|฿|zł|kč"
MONEY = rf"(?:{CODES}|rs\.?|{_SIGNS})"
"""Pattern of a currency before or after an amount, to be matched without regard to case."""
# Arrow's engine (RE2): patterns over whole columns
_PLAIN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_GROUPED = {
    False: rf"(?i)^\s*({MONEY})?\s*-?\d{{1,3}}(,\d{{2,3}})*,\d{{3}}(\.\d*)?\s*({MONEY})?\s*$",
    True: rf"(?i)^\s*({MONEY})?\s*-?(\d{{1,3}}(\.\d{{3}})+|\d+)(,\d*)?\s*({MONEY})?\s*$",
}
DOT_ALONE = r"^\D*[1-9]\d{0,2}\.\d{3}\D*$"
COMMA_ALONE = r"^\D*[1-9]\d{0,2},\d{3}\D*$"
"""One separator before exactly three digits: a group of thousands or three decimals."""
# Python's engine: single texts
_MONEY = re.compile(rf"^{MONEY}|(?:{MONEY}|/-)$", re.IGNORECASE)
_BLANK_GROUPS = re.compile(r"(\d{1,3})((?:['’ \u00a0\u202f\u2009]\d{3})+)(?!\d)(.*)")
_BLANK = re.compile(r"['’ \u00a0\u202f\u2009]")
_COMMA_GROUPS = re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?")
_DOT_GROUPS = re.compile(r"\d{1,3}(\.\d{3})+(,\d*)?")
_COMMA_DECIMAL = re.compile(r"(\d+,?\d*|,\d+)(e[+-]?\d{1,4})?")
_DOT_DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?")
_ALONE = {",": re.compile(r"[1-9]\d{0,2},\d{3}"), ".": re.compile(r"[1-9]\d{0,2}\.\d{3}")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedNumbers:
    """A column as numbers. All arrays ``(n,)``.

    ``values`` is NaN where missing or unusable; ``bad`` marks what is no number, ``ambiguous`` what could be two;
    ``percent`` and ``truth`` mark values written as ``45%`` (value 45) and as TRUE/FALSE, yes/no (value 1/0).
    ``plain``: no cell is anything but digits and a decimal sign.
    """

    values: NDArray[np.float64]
    bad: NDArray[np.bool_]
    ambiguous: NDArray[np.bool_]
    percent: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How numbers are written in a source.

    Attributes
    ----------
    decimal_comma
        Else a decimal point.
    mixed
        Both occur beyond doubt; the more frequent one is taken, and a lone separator before three digits is in doubt.
    ambiguous
        ``"."`` where dots alone before three digits (``45.846``) could be either, ``","`` for commas, else "".
    asked
        Columns with nothing but such separators, where only other columns say which sign is decimal.
    lone
        Whether dots or commas alone before three digits occur at all.
    """

    decimal_comma: bool = False
    mixed: bool = False
    ambiguous: str = ""
    asked: tuple[str, ...] = ()
    lone: bool = field(default=True, compare=False)


def is_text(column: pd.Series) -> bool:
    """Whether the column holds text (or objects) rather than numbers."""
    return column.dtype.kind not in "biufc"


def texts(column: pd.Series) -> pa.Array:
    """Column as one Arrow text array; null where missing."""
    import pyarrow as pa

    try:
        natural = pa.array(column, from_pandas=True)
        # Arrow types a mixed column by its first cells and gives up at one that does not fit; then cell by cell.
        array = natural if pa.types.is_string(natural.type) else natural.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = pa.array([None if _is_missing(value) else str(value) for value in column.tolist()], type=pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def distinct_texts(column: pd.Series) -> list[str]:
    """The different texts of a column, without blank and missing ones."""
    import pyarrow.compute as pc

    return [value for value in pc.unique(texts(column)).to_pylist() if value and value.strip()]


def blank_cells(column: pd.Series) -> NDArray[np.bool_]:
    """Which cells are missing or blank text."""
    import pyarrow.compute as pc

    if not is_text(column):
        return np.asarray(column.isna().to_numpy(dtype=bool))
    empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts(column)), ""), fill_value=True)
    return np.array(empty.to_numpy(zero_copy_only=False), dtype=bool)


def _is_missing(value: object) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def split_typed(column: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_], pd.Series]:
    """Of a column of objects: its true numbers ``(n,)``, which cells those are, and its texts (missing elsewhere)."""
    import pandas as pd

    cells: list[Any] = column.tolist()
    typed = np.array(list(map(is_number, cells)))
    typed = typed.astype(bool) if cells else np.zeros(0, dtype=bool)
    values = np.array([float(c) if t else np.nan for c, t in zip(cells, typed, strict=True)], dtype=np.float64)
    rest = [None if t or _is_missing(c) else str(c) for c, t in zip(cells, typed, strict=True)]
    return values, typed, pd.Series(rest, dtype="str")


def parse_numbers(column: pd.Series, convention: Convention) -> ParsedNumbers:
    """Column as float64 under the source's convention; never raises."""
    if not is_text(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        no = np.zeros(values.size, dtype=bool)
        truth = np.full(values.size, column.dtype.kind == "b")
        return ParsedNumbers(values=values, bad=no, ambiguous=no, percent=no, truth=truth, plain=True)
    if column.dtype == object:
        numbers, typed, column = split_typed(column)
        if typed.any():
            parsed = parse_numbers(column, convention)
            values = np.where(typed, numbers, parsed.values)
            return ParsedNumbers(
                values=values, bad=parsed.bad, ambiguous=parsed.ambiguous, percent=parsed.percent, truth=parsed.truth
            )
    text = texts(column)
    unsure = _separators_in_doubt(convention)
    if not unsure and not convention.decimal_comma and (whole := _cast(text)) is not None:
        no = np.zeros(whole.size, dtype=bool)
        return ParsedNumbers(values=whole, bad=no, ambiguous=no, percent=no, truth=no, plain=True)
    values = np.full(len(text), np.nan)
    # Under a decimal comma "1.234" is a group of thousands, so a dot keeps a text out of the plain path.
    done = _fill_matching(values, text, _PLAIN, "" if not convention.decimal_comma else r"\.")
    plain = bool(done.all())
    if not plain:
        done |= _fill_matching(values, text, _GROUPED[convention.decimal_comma], r"^$", convention)
    flags = np.zeros((4, values.size), dtype=bool)
    rest = np.flatnonzero(~done)
    if rest.size:
        values[rest], flags[:, rest] = _parse_each(text, rest, convention)
    bad, percent, truth, doubt = flags
    for separator in unsure:
        doubt |= matches(text, DOT_ALONE if separator == "." else COMMA_ALONE) & ~bad
    # No value at all rather than the likelier one: a thousandfold error in a few cells is not seen in a sum.
    values[doubt] = np.nan
    return ParsedNumbers(values=values, bad=bad, ambiguous=doubt & ~bad, percent=percent, truth=truth, plain=plain)


def _cast(text: pa.Array) -> NDArray[np.float64] | None:
    """Numbers of a column that holds nothing but finite ones as the computer writes them, ``(n,)``; else None.

    Five times faster than looking for their form; words such as ``inf`` are left to the rules of texts.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if text.null_count or not len(text) or pc.max(pc.binary_length(text)).as_py() > LONGEST:
        return None
    try:
        values = np.array(pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return None
    return values if np.isfinite(values).all() else None


def _separators_in_doubt(convention: Convention) -> str:
    return ".," if convention.mixed else convention.ambiguous


def matches(text: pa.Array, pattern: str) -> NDArray[np.bool_]:
    """Which texts a pattern is found in; none of the missing ones."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(text, pattern), fill_value=False)
    return np.array(found.to_numpy(zero_copy_only=False), dtype=bool)


def _fill_matching(
    values: NDArray[np.float64], text: pa.Array, pattern: str, but_not: str, grouping: Convention | None = None
) -> NDArray[np.bool_]:
    """Convert all texts that match ``pattern`` and not ``but_not`` in place; returns which, ``(n,)``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    match = pc.match_substring_regex(text, pattern)
    if but_not:
        match = pc.and_(match, pc.invert(pc.match_substring_regex(text, but_not)))
    # The longest first: the test of every text is spared where none is too long.
    if (pc.max(pc.utf8_length(text)).as_py() or 0) > LONGEST:
        match = pc.and_(match, pc.less_equal(pc.utf8_length(text), LONGEST))
    match = pc.fill_null(match, fill_value=False)
    chosen = text.filter(match)
    if grouping is not None:
        # A sign of money may hold a dot ("Rs."): only separators between digits are kept.
        chosen = pc.replace_substring_regex(chosen, r"^[^\d-]*(-?)[^\d-]*|\D+$", r"\1")
        group, decimal = (".", ",") if grouping.decimal_comma else (",", ".")
        chosen = pc.replace_substring(pc.replace_substring(chosen, group, ""), decimal, ".")
    chosen = pc.utf8_trim_whitespace(chosen)
    # Arrow reads neither a leading plus nor a point without decimals.
    if pc.any(pc.starts_with(chosen, "+")).as_py():
        chosen = pc.replace_substring_regex(chosen, r"^\+", "")
    if pc.any(pc.or_(pc.ends_with(chosen, "."), pc.match_substring(chosen, ".e", ignore_case=True))).as_py():
        chosen = pc.replace_substring_regex(chosen, r"\.($|[eE])", r"\1")
    done = np.array(match.to_numpy(zero_copy_only=False), dtype=bool)
    values[done] = pc.cast(chosen, pa.float64()).to_numpy(zero_copy_only=False)
    return done


def _parse_each(
    text: pa.Array, rest: NDArray[np.intp], convention: Convention
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values ``(r,)`` and flags bad, percent, truth, ambiguous ``(4, r)`` of the rows ``rest``, once per text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = text.take(pa.array(rest)).dictionary_encode()
    parsed = [_parse(value, convention) for value in encoded.dictionary.to_pylist()]
    # What the missing texts get: their code is the place behind the last distinct text.
    parsed.append((np.nan, False, False, False, False))
    codes = pc.fill_null(encoded.indices, len(parsed) - 1).to_numpy(zero_copy_only=False)
    table = np.array(parsed, dtype=np.float64)[codes]
    return table[:, 0], table[:, 1:].T.astype(bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One text without sign, currency, percent sign, unit and blanks between groups.

    ``digits`` are digits and separators, ``blank_groups`` says whether blanks or apostrophes parted thousands.
    """

    digits: str
    negative: bool = False
    percent: bool = False
    unit: float = 1.0
    blank_groups: bool = False


def strip_number(value: str) -> Body:
    """Take off one text what is not digits and separators; at most :data:`LONGEST` characters are looked at."""
    # One sign more than allowed, so that what is too long is still seen to be.
    body = value.strip()[: LONGEST + 1].replace("−", "-")
    negative = percent = False
    unit, before = 1.0, ""
    # Signs come in any order and nested, as in "(₹ 1.2 lakh)" or "-$5%": taken off until nothing more comes off.
    while body != before:
        before = body
        if body.startswith("(") and body.endswith(")"):
            negative, body = True, body[1:-1].strip()
        if body.startswith("-"):
            negative, body = True, body[1:].strip()
        if body.endswith("%"):
            percent, body = True, body[:-1].strip()
        # A unit stands behind a digit; else the "m" of "m2" or the last letter of a word would be a million.
        if unit == 1.0 and (found := _UNIT.search(body)) and body[: found.start()][-1:].isdigit():
            unit, body = UNITS[found[1].casefold()], body[: found.start()]
        body = _MONEY.sub("", body.removeprefix("+")).strip()
    # Blanks and apostrophes can only part groups; so no separator of such a number is in doubt.
    groups = _BLANK_GROUPS.fullmatch(body)
    if groups:
        body = groups[1] + _BLANK.sub("", groups[2]) + groups[3]
    return Body(digits=body.casefold(), negative=negative, percent=percent, unit=unit, blank_groups=groups is not None)


def _parse(value: str, convention: Convention) -> tuple[float, bool, bool, bool, bool]:
    """Value, bad, percent, truth, ambiguous of one text that is neither plain nor plainly grouped."""
    folded = value.strip().casefold() if len(value) <= 4 * LONGEST else ""
    if len(value.strip()) > LONGEST:
        return np.nan, True, False, False, False
    if folded in MISSING:
        return np.nan, False, False, False, False
    if folded in TRUTH:
        return TRUTH[folded], False, False, True, False
    body = strip_number(value)
    number = _value(body, decimal_comma=convention.decimal_comma)
    if number is None:
        return np.nan, True, False, False, False
    doubt = not body.blank_groups and any(
        _ALONE[separator].fullmatch(body.digits) for separator in _separators_in_doubt(convention)
    )
    number *= body.unit
    return (-number if body.negative else number), False, body.percent, False, doubt


def _value(body: Body, *, decimal_comma: bool) -> float | None:
    digits = body.digits
    if digits in _INFINITE:
        return float("inf")
    if decimal_comma:
        if _COMMA_DECIMAL.fullmatch(digits) or (_DOT_GROUPS.fullmatch(digits) and not body.blank_groups):
            return float(digits.replace(".", "").replace(",", "."))
    elif _DOT_DECIMAL.fullmatch(digits):
        return float(digits)
    elif _COMMA_GROUPS.fullmatch(digits) and not body.blank_groups:
        return float(digits.replace(",", ""))
    return None
