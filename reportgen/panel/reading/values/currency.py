"""Which currency a table is in: signs and codes beside its amounts, and words of a heading.

A sign such as ``$`` or ``Rs`` is used by several currencies; it fits all of them and means the most usual one where
nothing else is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.panel.reading.values.numbers import CODES, MONEY, is_text, texts

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL", "NAD", "FJD", "JMD")
SIGNS: dict[str, tuple[str, ...]] = {
    "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"), "rs.": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
    "$": _DOLLARS, "us$": ("USD",), "a$": ("AUD",), "c$": ("CAD",), "r$": ("BRL",), "€": ("EUR",),
    "£": ("GBP", "EGP", "LBP", "SYP", "SDG", "GIP"), "¥": ("JPY", "CNY"), "₩": ("KRW", "KPW"), "₺": ("TRY",),
    "₽": ("RUB",), "₪": ("ILS",), "₫": ("VND",), "₦": ("NGN",), "₱": ("PHP",), "฿": ("THB",), "zł": ("PLN",),
    "kč": ("CZK",),
}  # fmt: skip
"""Sign → codes it may stand for, the most usual first."""
_WORDS = {
    "rupee": "₹", "rupees": "₹", "rupien": "₹", "euro": "€", "euros": "€", "dollar": "$", "dollars": "$",
    "pound": "£", "pounds": "£", "yen": "¥",
}  # fmt: skip
_COLUMN_WORDS = frozenset(
    {"currency", "curr", "ccy", "währung", "waehrung", "devise", "moneda", "moeda", "valuta", "waluta", "मुद्रा"}
)
_AMOUNT = re.compile(rf"^\D*?({MONEY})\s*[-−(]?\s*[\d.,]|[\d.,)]\s*({MONEY})\s*$", re.IGNORECASE)
_CODES = {code.upper() for code in CODES.split("|")} | {code for codes in SIGNS.values() for code in codes}
_WORD_TOO = {"try", "php"}
"""Codes that are words in small letters."""


def codes_of(sign: str) -> tuple[str, ...]:
    """Currencies a sign, code or word may stand for, the most usual first; empty: none."""
    folded = _WORDS.get(sign.casefold(), sign.casefold())
    if folded in SIGNS:
        return SIGNS[folded]
    return (sign.upper(),) if len(sign) == 3 and sign.isalpha() else ()


def sign_of(text: str) -> str:
    """Sign or code beside an amount, as written; "" if there is none."""
    found = _AMOUNT.search(text[:80])
    return (found[1] or found[2]) if found else ""


def survey_signs(column: pd.Series) -> Counter[str]:
    """Signs and codes of a column of amounts, with the number of cells."""
    import pyarrow.compute as pc

    found: Counter[str] = Counter()
    if not is_text(column):
        return found
    text = texts(column)
    if _all_numbers(text):
        return found
    signed = text.filter(pc.fill_null(pc.match_substring_regex(text, rf"(?i){MONEY}"), fill_value=False))
    if len(signed):
        # All digits alike: a column of amounts has a handful of shapes.
        shapes = pc.replace_substring_regex(signed, r"\d+", "1")
        for entry in pc.value_counts(shapes).to_pylist():
            if sign := sign_of(entry["values"]):
                found[sign.casefold()] += entry["counts"]
    return found


def _all_numbers(text: pa.Array) -> bool:
    """Whether every text is a number as the computer writes it, so that no sign can be among them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def currency_of_heading(name: str) -> tuple[str, ...]:
    """Currencies that a column's name speaks of: ``Turnover EUR``, ``Sales (₹)``, ``Net sales in euro``."""
    for sign in sorted(SIGNS, key=len, reverse=True):
        if not sign[0].isalpha() and sign in name.casefold():
            return SIGNS[sign]
    parts = re.findall(r"[^\W\d_]+", name)
    for part in parts:
        if part.upper() in _CODES and (part.isupper() or part not in _WORD_TOO):
            return (part.upper(),)
    words = [part.casefold() for part in parts]
    for word in words:
        if word in _WORDS:
            return SIGNS[_WORDS[word]]
    if "rs" in words:
        return SIGNS["rs"]
    return next((SIGNS[word] for word in words if word in {"zł", "kč"}), ())


def currency_columns(names: Sequence[str]) -> list[str]:
    """Columns whose name says that they hold the currency of each row."""
    return [name for name in names if {part.casefold() for part in re.findall(r"[^\W\d_]+", name)} & _COLUMN_WORDS]


def survey_codes(column: pd.Series) -> Counter[str]:
    """Currencies of a column that holds one in each row, as written, with the number of rows."""
    import pyarrow.compute as pc

    found: Counter[str] = Counter()
    for entry in pc.value_counts(texts(column)).to_pylist():
        if (value := (entry["values"] or "").strip()) and codes_of(value):
            found[value.casefold()] += entry["counts"]
    return found


def settle_currency(heading: tuple[str, ...], signs: Counter[str]) -> str:
    """Currency of a source that its heading and signs agree on; "" if nothing says it.

    Where they differ the most frequent is taken; the amounts that differ from it are the contract's to report.
    """
    votes: Counter[str] = Counter()
    for sign, count in signs.items():
        for code in codes_of(sign):
            votes[code] += count
    for code in heading:
        # A heading speaks for every cell, and for one more: against signs beside the amounts it wins.
        votes[code] += 1 + sum(signs.values())
    if not votes:
        return ""
    best = max(votes.values())
    usual = [*heading, *(code for sign, _ in signs.most_common() for code in codes_of(sign))]
    return next(code for code in usual if votes[code] == best)
