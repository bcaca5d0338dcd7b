"""How numbers are written in a source: weighed once, over all its number columns and all its files.

A dot or a comma alone before exactly three digits may part thousands or decimals; every other use decides. Evidence
of several files adds up, so that a table gives the same numbers whole and partitioned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from reportgen.panel.reading.values.numbers import LONGEST, Convention, is_text, split_typed, strip_number, texts

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Decimal = Literal["", ".", ","]
# A dot that parts no thousands: not before exactly three digits, or behind a zero or more than three digits.
_POINT_PLAIN = r"^\s*[+-]?(\d*\.(\d{0,2}|\d{4,})|0+\.\d+|\d{4,}\.\d+)\s*$"
_TWO_PLAIN = r"^\d+\.\d\d?$"
_DOT_PLAIN = r"^\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*$"
_SEPARATED = re.compile(r"\d*([.,]\d+)+|\d+[.,]")
_THREE = r"\.\d{3}\s*$"
_FEW, _MANY = 200, 10_000
_POINT_CURRENCIES = frozenset(
    {"INR", "USD", "GBP", "JPY", "CNY", "AUD", "NZD", "SGD", "HKD", "TWD", "KRW", "PKR", "LKR", "NPR", "THB", "PHP"}
    | {"ILS", "NGN", "EGP", "AED", "MXN"}
)
"""Of countries where a comma parts thousands and a point decimals."""


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """How many texts write a decimal point or comma beyond doubt, and how many a lone dot or comma before three digits.

    ``columns`` has the same for each column; ``thousandths`` counts decimals beyond doubt that are exactly three.
    """

    counts: Counter[str] = field(default_factory=Counter)
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    thousandths: Counter[str] = field(default_factory=Counter)

    def add(self, column: str, kind: str, count: int, three: int = 0) -> None:
        """Count texts of a kind, ``point``, ``comma``, ``.`` or ``,``, of which ``three`` have three decimals."""
        if count:
            self.counts[kind] += count
            self.columns.setdefault(column, Counter())[kind] += count
            self.thousandths[kind] += three

    def update(self, other: NumberEvidence) -> None:
        """Add the evidence of another part of the source."""
        self.counts.update(other.counts)
        self.thousandths.update(other.thousandths)
        for name, counts in other.columns.items():
            self.columns.setdefault(name, Counter()).update(counts)


def classify(text: str) -> str:
    """What a text says about the convention: ``point``, ``comma``, ``.`` or ``,`` (a lone one), or nothing."""
    if len(text.strip()) > LONGEST:
        return ""
    body = strip_number(text)
    digits, _, power = body.digits.partition("e")
    if not _SEPARATED.fullmatch(digits):
        return ""
    dots, commas = digits.count("."), digits.count(",")
    # Of two different separators the last one is the decimal sign, if it stands once.
    last = "." if digits.rfind(".") > digits.rfind(",") else ","
    decimal = {".": "point", ",": "comma"}[last]
    if dots and commas:
        return decimal if digits.count(last) == 1 else ""
    groups = re.split("[.,]", digits)
    if dots + commas > 1:
        # One separator several times can only part groups, so the decimal sign is the other one. Groups of two are
        # Indian.
        other = {"point": "comma", "comma": "point"}[decimal]
        inner = all(len(g) == 3 or (last == "," and len(g) == 2) for g in groups[1:-1])
        return other if inner and len(groups[-1]) == 3 and 0 < len(groups[0]) <= 3 else ""
    if len(groups[1]) == 3 and 0 < len(groups[0]) <= 3 and groups[0][0] != "0" and not power and not body.blank_groups:
        return last
    return decimal


def survey_numbers(columns: Iterable[pd.Series]) -> NumberEvidence:
    """Evidence of text columns; numbers that are numbers already say nothing."""
    found = NumberEvidence()
    for column in columns:
        if is_text(column):
            text = texts(split_typed(column)[2] if column.dtype == object else column)
            _survey(str(column.name), text, found)
    return found


def _survey(name: str, text: pa.Array, found: NumberEvidence) -> None:
    import pyarrow.compute as pc

    if not len(text):
        return
    dotted = pc.fill_null(pc.match_substring(text, "."), fill_value=False)
    comma = pc.fill_null(pc.match_substring(text, ","), fill_value=False)
    rest = text.filter(pc.or_(dotted, comma))
    # Patterns over the whole column take most texts first; Python then looks at what they leave, once per shape.
    for kind, pattern in (("point", _TWO_PLAIN), ("point", _POINT_PLAIN), (".", _DOT_PLAIN)):
        # Few texts are read faster one by one.
        if len(rest) < _FEW:
            break
        match = pc.match_substring_regex(rest, pattern)
        chosen = rest.filter(match)
        if len(chosen):
            # Whether decimals of exactly three digits occur is asked of a sample: it only decides whether a column is
            # asked about.
            three = pattern is _POINT_PLAIN and pc.any(pc.match_substring_regex(chosen[:_MANY], _THREE)).as_py()
            found.add(name, kind, len(chosen), int(three))
            rest = rest.filter(pc.invert(match))
    if not len(rest):
        return
    # What a number says of the convention is its shape: a million amounts are a few hundred shapes. Zeros stay, since
    # no group of thousands begins with one.
    shapes = pc.replace_substring_regex(rest, "[1-9]", "1") if len(rest) > _FEW else rest
    for entry in pc.value_counts(shapes).to_pylist():
        if kind := classify(entry["values"]):
            sign = {"point": ".", "comma": ","}.get(kind, kind)
            three = re.search(rf"[{sign}]\d{{3}}\D*$", entry["values"]) is not None
            found.add(name, kind, entry["counts"], int(three))


def decide(found: NumberEvidence, decimal: Decimal, delimiter: str, currency: str = "") -> Convention:
    """Convention of a source.

    Parameters
    ----------
    decimal
        ``panel.decimal``: decides, whatever is found.
    delimiter
        Of a delimited text: ``;`` is used where commas are decimal, so that commas before three digits stay in doubt.
    currency
        Code, where known: it tells whether commas part thousands where the table comes from.
    """
    how = _decide(found, decimal, delimiter, currency)
    lone = bool(found.counts["."] or found.counts[","])
    return replace(how, lone=lone, asked=() if decimal or how.mixed else _asked(found, how))


def _asked(found: NumberEvidence, how: Convention) -> tuple[str, ...]:
    """Columns whose only separators stand alone before three digits and would be decimal by what other columns say."""
    sign, kind = (",", "comma") if how.decimal_comma else (".", "point")
    if how.ambiguous or found.thousandths[kind]:
        return ()
    return tuple(sorted(name for name, counts in found.columns.items() if counts[sign] and not counts[kind]))


def _decide(found: NumberEvidence, decimal: Decimal, delimiter: str, currency: str) -> Convention:
    point, comma = found.counts["point"], found.counts["comma"]
    if decimal:
        return Convention(decimal_comma=decimal == ",")
    if point and comma:
        return Convention(decimal_comma=comma > point, mixed=True)
    if point or comma:
        return Convention(decimal_comma=bool(comma))
    # 12.345 is in doubt everywhere. 12,345 only where commas may be decimal: the columns are parted by semicolons, or
    # the country of the currency writes them so.
    if found.counts["."]:
        return Convention(ambiguous=".," if found.counts[","] else ".")
    if found.counts[","] and (delimiter == ";" or currency not in _POINT_CURRENCIES):
        return Convention(decimal_comma=True, ambiguous=",")
    return Convention()
