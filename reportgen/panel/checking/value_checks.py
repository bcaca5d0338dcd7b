"""Sales, promotion, controls and cost: are they numbers, finite, and of a plausible sign and scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import ABSURD, ColumnProblems, Rows, are, no_result
from reportgen.panel.checking.findings import NO_ROWS, Problem, Severity, quote
from reportgen.panel.checking.placeholders import (
    CODE,
    Kind,
    check_placeholders,
    find_placeholders,
    leave_out_missing,
)
from reportgen.panel.checking.promotion_checks import check_empty_promotion, check_promotion
from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.values.currency import codes_of, currency_columns, sign_of
from reportgen.panel.reading.values.numbers import (
    COMMA_ALONE,
    DOT_ALONE,
    MONEY,
    UNITS,
    Convention,
    ParsedNumbers,
    is_text,
    matches,
    parse_numbers,
    split_typed,
    texts,
)
from reportgen.panel.reading.values.source_conventions import Conventions
from reportgen.panel.reading.workbook import NO_RESULT
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd

_UNIT_WORDS = re.compile(
    r"['’]000s?|\b000s?\b|\bk(?=\s|\)|€|$)|\b(thousands?|tsd|teur|millions?|mio|mn|lakhs?|lacs?|crores?|cr)\b",
    re.IGNORECASE,
)
_UNIT_COLUMNS = frozenset({"unit", "units", "uom", "einheit", "scale", "unité", "unidad", "unidade"})
_FAR, _NEAR = 1.7, 1.0
"""Powers of ten between medians: beyond the first two groups of numbers are apart, within the second they agree."""


def read_values(
    frame: pd.DataFrame,
    columns: Columns,
    conventions: Conventions,
    settings: Settings,
    market: NDArray[np.intp],
    whole: Rows,
) -> tuple[Mapping[str, NDArray[np.float64]], list[Problem]]:
    """Number columns as float64 (NaN: missing or unusable), and what is wrong with them."""
    panel = settings.panel
    values: dict[str, NDArray[np.float64]] = {}
    problems: list[Problem] = []
    suspected = {}
    for name in columns.numbers:
        how = conventions.numbers
        if name in how.asked:
            how = replace(how, ambiguous="," if how.decimal_comma else ".")
        parsed = parse_numbers(frame[name], how)
        found = ColumnProblems(frame[name], name, whole)
        if panel.missing:
            parsed, left_out = leave_out_missing(frame[name], parsed, panel.missing)
            found.add("read-as-missing", "note", left_out, "is read as empty in {rows}, as panel.missing says")
        placeholders = find_placeholders(parsed.values, market, _kind(name, columns, settings))
        suspected[name] = found, placeholders
        if name in columns.promotion:
            parsed = check_empty_promotion(found, parsed, panel.empty_promotion, market)
        _check_numbers(found, parsed, how)
        doubted = np.any([one.rows for one in placeholders], axis=0)
        meant = parsed.values if CODE in panel.accept else np.where(doubted, np.nan, parsed.values)
        if name == columns.sales:
            problems += _check_heading(name)
        _check_role(found, replace(parsed, values=meant), columns, settings, market)
        if name in {columns.sales, columns.cost} and not parsed.plain:
            _check_currency(found, conventions.currency)
        if not parsed.plain:
            _check_units(found, parsed, market)
        if not panel.decimal and conventions.numbers.lone:
            _check_thousands(found, parsed, how, market)
        values[name] = np.where(np.isfinite(parsed.values), parsed.values, np.nan)
    for name in columns.spare:
        problems += _check_beside(frame[name], name, conventions.currency, whole)
    check_placeholders(suspected, panel.missing)
    return values, problems + [problem for found, _ in suspected.values() for problem in found.problems]


def _kind(name: str, columns: Columns, settings: Settings) -> Kind:
    """What a column's values may be where one of them is repeated."""
    if name in columns.controls:
        return "signed"
    if name in columns.promotion:
        return "promotion"
    return "returns" if name == columns.sales and settings.panel.negative_sales == "keep" else "amounts"


def _check_role(
    found: ColumnProblems, parsed: ParsedNumbers, columns: Columns, settings: Settings, market: NDArray[np.intp]
) -> None:
    """Check the sign and the scale that the role of the column asks for."""
    if found.name in {columns.sales, columns.cost}:
        found.add("truth-values", "error", parsed.truth, "is written in words in {rows}", "Write amounts of money.")
    if found.name == columns.sales:
        _check_sales(found, parsed.values, settings.model.scale, settings.panel.negative_sales)
    elif found.name in columns.promotion:
        check_promotion(found, parsed, market)
    elif found.name == columns.cost:
        found.add("negative-cost", "error", parsed.values < 0, "is negative in {rows}", "A cost cannot be negative.")


def _check_numbers(found: ColumnProblems, parsed: ParsedNumbers, convention: Convention) -> None:
    values = parsed.values
    advice = "Correct the values, leave them empty if they are unknown, or name such words in panel.missing."
    if convention.mixed:
        way = "a decimal comma" if convention.decimal_comma else "a decimal point"
        advice = f"Most numbers of the table are written with {way}: write all of them alike."
    known = ~np.isnan(values)
    bad = parsed.bad.copy()
    # A column of yes and no is numbers; a "no" among amounts is a word.
    if parsed.truth.any() and not parsed.truth[known].all():
        bad |= parsed.truth
    broken = bad & error_cells(found.column) if bad.any() else bad
    unknown = broken & are(found.column, NO_RESULT) if broken.any() else broken
    found.problems += no_result(found.name, unknown, found.whole)
    broken = broken & ~unknown
    found.add(
        "error-cell",
        "error",
        broken,
        "is an error of a formula in {rows}",
        "Correct the formula, or leave the cell empty if the value is unknown.",
    )
    found.add("bad-number", "error", bad & ~broken & ~unknown, "is not a number in {rows}", advice)
    sign = {".": "dots", ",": "commas"}.get(convention.ambiguous, "dots and commas")
    found.add(
        "ambiguous-number",
        "error",
        parsed.ambiguous,
        f"may part thousands or decimals by its {sign} in {{rows}}",
        'Set panel.decimal = "," or panel.decimal = "." to say which sign is decimal.',
    )
    found.add("infinite", "error", np.isinf(values), "is infinite in {rows}", "Correct the values or leave them empty.")
    found.add(
        "absurd-number",
        "error",
        np.isfinite(values) & (np.abs(np.where(known, values, 0.0)) > ABSURD),
        f"is beyond ±{ABSURD:.0e} in {{rows}}",
        "Correct the values, or choose a larger unit.",
    )
    if parsed.percent.any():
        # A zero needs no percent sign.
        if parsed.percent[known & (values != 0)].all():
            found.add("percent", "note", parsed.percent, 'has percentages in {rows}; "45%" is read as 45')
        else:
            found.add(
                "mixed-percent",
                "error",
                parsed.percent,
                "has a percent sign only in {rows}",
                "Write all values with it, or none.",
            )
    if not bad.any() and parsed.truth.any():
        _say_truth(found, parsed)
    unusable = bad | parsed.ambiguous
    if known[found.whole].any() or unusable.any():
        found.add("missing-values", "note", ~known & ~unusable, "is empty in {rows}, which are not used")
    else:
        found.add("no-values", "warning", ~known, "is empty in all {rows}", "Nothing can be estimated without it.")


def _say_truth(found: ColumnProblems, parsed: ParsedNumbers) -> None:
    """Tell which words are read as 1 and 0."""
    import pandas as pd

    written = found.column[parsed.truth].astype(str).str.strip()
    words = pd.Series(parsed.values[parsed.truth], index=written.to_numpy()).groupby(level=0).first()
    shown = " and ".join(f"{quote(str(word))} as {value:.0f}" for word, value in list(words.items())[:4])
    # A column of truth values says by its type what it is.
    severity: Severity = "warning" if is_text(found.column) else "note"
    found.add("truth-values", severity, parsed.truth, f"is no number in {{rows}}; {shown}", "Check that this is meant.")


def error_cells(column: pd.Series) -> Rows:
    """Which cells hold the text of a formula's error, ``(n,)``: ``#DIV/0!``, ``#N/A``, ``#BEZUG!``, ``Err:502``."""
    if not is_text(column):
        return np.zeros(len(column), dtype=bool)
    return matches(texts(column), r"(?i)^\s*(#[^\d\s]\S*|err:\d+)\s*$")


def _check_currency(found: ColumnProblems, currency: str) -> None:
    """Amounts whose sign is of another currency than the table's."""
    if not is_text(found.column):
        return
    text = texts(found.column)
    signed = np.flatnonzero(matches(text, rf"(?i){MONEY}"))
    if not signed.size:
        return
    other = np.zeros(len(text), dtype=bool)
    fits: dict[str, bool] = {}
    for i in signed.tolist():
        sign = sign_of(text[i].as_py())
        if sign not in fits:
            fits[sign] = not sign or not codes_of(sign) or currency in codes_of(sign)
        other[i] = not fits[sign]
    found.add(
        "other-currency",
        "error",
        other,
        f"is not in {currency}, the currency of the table, in {{rows}}",
        "Convert the amounts, split the table, or correct report.currency.",
    )


def _check_beside(column: pd.Series, name: str, currency: str, whole: Rows) -> list[Problem]:
    """A column beside the amounts that says in which currency or unit each row is."""
    import pyarrow.compute as pc

    words = {part.casefold() for part in re.findall(r"[^\W\d_]+", name)}
    of_currency = bool(currency_columns([name]))
    if not (of_currency or words & _UNIT_COLUMNS) or not is_text(column):
        return []
    found = ColumnProblems(column, name, whole)
    encoded = texts(column).dictionary_encode()
    values = [(value or "").strip() for value in encoded.dictionary.to_pylist()]
    if of_currency:
        wrong = [bool(codes_of(value)) and currency not in codes_of(value) for value in values]
    else:
        units = {value: unit[0].strip().casefold() for value in values if (unit := _UNIT_WORDS.search(value))}
        if len({units.get(value, "") for value in values if value}) == 1:
            return _check_heading(next(iter(units), ""))
        wrong = [value in units for value in values]
    codes = pc.fill_null(encoded.indices, len(values)).to_numpy(zero_copy_only=False)
    rows = np.array([*wrong, False])[codes]
    if of_currency:
        text = f"is not {currency}, the currency of the table, in {{rows}}"
        found.add(
            "other-currency", "error", rows, text, "Convert the amounts, split the table, or correct report.currency."
        )
    else:
        found.add(
            "mixed-units", "error", rows, "is another unit than elsewhere in {rows}", "Write all amounts in one unit."
        )
    return found.problems


def _check_thousands(
    found: ColumnProblems, parsed: ParsedNumbers, convention: Convention, market: NDArray[np.intp]
) -> None:
    """Numbers with one separator before three digits that fit the others of their market only 1,000 times apart."""
    if not is_text(found.column) or not np.isfinite(parsed.values).any():
        return
    text = texts(split_typed(found.column)[2] if found.column.dtype == object else found.column)
    alone = matches(text, f"{DOT_ALONE}|{COMMA_ALONE}") & np.isfinite(parsed.values)
    plain = ~alone & np.isfinite(parsed.values) & (parsed.values > 0)
    if not alone.any() or not plain.any():
        return
    logs = np.log10(np.where(parsed.values > 0, parsed.values, 1.0))
    lone, others = _medians(logs, alone, market), _medians(logs, plain, market)
    others = np.where(np.isnan(others), np.median(logs[plain]), others)
    decimal = re.compile(COMMA_ALONE if convention.decimal_comma else DOT_ALONE)
    read_as_decimal = decimal.search(text[int(np.flatnonzero(alone)[0])].as_py()) is not None
    if not read_as_decimal:
        return
    with np.errstate(invalid="ignore"):
        # Read as decimals they are far from the others; three powers of ten higher, read as thousands, they fit.
        doubtful = (np.abs(lone - others) > _FAR) & (np.abs(lone + 3 - others) < _NEAR)
    found.add(
        "ambiguous-number",
        "error",
        alone & doubtful[market] & (market >= 0),
        "differs from the other numbers a thousand times if its separator is read as theirs in {rows}",
        'Write all numbers alike, or set panel.decimal = "," or panel.decimal = "." to say which sign is decimal.',
    )


def _check_units(found: ColumnProblems, parsed: ParsedNumbers, market: NDArray[np.intp]) -> None:
    """Numbers with a unit (``28,440 CR``) that fit those without one only if it is none: a credit, a mark of notes."""
    import pyarrow.compute as pc

    if not is_text(found.column):
        return
    # What stands behind the last digit.
    suffix = pc.utf8_lower(pc.replace_substring_regex(texts(found.column), r"^.*[\d.,)]\s*", ""))
    factor = np.array([UNITS.get(word or "", 1.0) for word in suffix.to_pylist()])
    positive = np.isfinite(parsed.values) & (parsed.values > 0)
    marked, plain = positive & (factor > 1), positive & (factor == 1)
    if not marked.any() or not plain.any():
        return
    logs = np.log10(np.where(positive, parsed.values, 1.0))
    others = _medians(logs, plain, market)
    away = logs - np.where(np.isnan(others), np.median(logs[plain]), others)[market]
    found.add(
        "ambiguous-number",
        "error",
        marked & (away > _FAR) & (np.abs(away - np.log10(factor)) < _NEAR) & (market >= 0),
        "has letters after it that make it far larger than the numbers without them in {rows}",
        "Remove them if they are no unit, or write all numbers in one unit.",
    )


def _medians(logs: NDArray[np.float64], rows: Rows, market: NDArray[np.intp]) -> NDArray[np.float64]:
    """Median of the rows of each market, NaN where it has none; one more entry for rows without a market."""
    found = np.full(int(market.max(initial=-1)) + 2, np.nan)
    for code in np.unique(market[rows]):
        found[code] = np.median(logs[rows & (market == code)])
    return found


def _check_heading(name: str) -> list[Problem]:
    """A heading that names a unit of money, which the report would leave out beside its currency."""
    unit = _UNIT_WORDS.search(name)
    if not unit:
        return []
    return [
        Problem(
            code="heading-unit",
            severity="warning",
            column=name,
            text=f"{quote(name)} speaks of a unit ({unit[0].strip()}), but the amounts are used as they are written",
            advice="Multiply them, or take the unit out of the heading if it is not meant.",
            rows=NO_ROWS,
            count=1,
        )
    ]


def _check_sales(found: ColumnProblems, values: NDArray[np.float64], response: str, negative: str) -> None:
    below = np.isfinite(values) & (values < 0)
    if negative == "keep" and response != "log":
        found.add("negative-sales", "note", below, "is negative in {rows} and used as it is")
    else:
        advice = "Book returns in the month they belong to, leave the value empty"
        advice += ", or use the level of sales." if response == "log" else ', or set panel.negative_sales = "keep".'
        found.add("negative-sales", "error", below, "is negative in {rows}", advice)
    if response == "log":
        found.add("zero-sales", "warning", values == 0, "is zero in {rows}, which a log response cannot use")
