"""Numbers, money, percentages, intervals and dates as the locale writes them, with the digits the SE supports.

Symbols, grouping and month names are CLDR data read through Babel once per locale; the formatting itself is string
work, because a report formats thousands of cells and ``babel.numbers`` parses its pattern at every call (a test holds
the two equal). Formatting never lies at the edges: ``<0.001``, never ``0.000``; ``0%`` only for exact zero; a missing
number is an en dash, never ``nan``. A true minus sign and no-break spaces throughout, so no number breaks over a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date  # noqa: N812 - a method below is called date
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from reportgen.report.words.language import Language
from reportgen.results.derived.intervals import about_se
from reportgen.settings.words import Message

MISSING = "–"
MINUS = "\u2212"
NBSP = "\u00a0"

Kind = Literal["money", "money-short", "percent", "number"]

# Indian English writes lakh and crore; CLDR gives the letters L and Cr, which nobody outside India reads.
_LAKH = ((10_000_000, "crore"), (100_000, "lakh"))


@dataclass(frozen=True, slots=True)
class _Symbols:
    """What CLDR says about one locale and currency."""

    decimal: str
    group: str
    primary: int
    secondary: int
    percent: str
    """``{}%`` or ``{} %`` with a no-break space."""
    money: str
    """``₹ {}`` or ``{} €``."""
    compact: tuple[tuple[float, str], ...]
    """(divisor, suffix pattern ``{} Mio.``), largest first."""
    months_short: tuple[str, ...]


def _around(pattern: str, sign: str, replacement: str) -> str:
    """Turn a CLDR pattern such as ``#,##0.00 ¤`` into ``{} €``."""
    start = min(i for i, c in enumerate(pattern) if c in "#0")
    stop = max(i for i, c in enumerate(pattern) if c in "#0") + 1
    made = pattern[:start] + "{}" + pattern[stop:]
    return made.replace(sign, replacement).replace(" ", NBSP)


@lru_cache(maxsize=32)
def _symbols(locale: str, currency: str) -> _Symbols:
    from babel import Locale
    from babel.numbers import get_currency_symbol

    data = Locale.parse(locale)
    number = data.decimal_formats[None]
    signs = data.number_symbols.get(data.default_numbering_system, data.number_symbols.get("latn"))
    sign = get_currency_symbol(currency, data) if currency else ""
    money = _around(data.currency_formats["standard"].pattern.split(";")[0], "¤", sign).strip(NBSP)
    lettered = money.replace("{}", "")
    # CLDR sets letters such as "Rs." or "CHF" tight in some locales; signs stay tight, letters get a space.
    if lettered and NBSP not in lettered and (data.territory == "IN" or lettered[-1].isalpha()):
        money = money.replace("{}", NBSP + "{}") if money.endswith("{}") else money
    if data.language == "en" and data.territory == "IN":
        compact = tuple((float(size), "{}" + NBSP + word) for size, word in _LAKH)
    else:
        found: dict[str, tuple[float, str]] = {}
        for size, pattern in data.compact_decimal_formats["short"]["other"].items():
            text = pattern.pattern.replace("'", "")
            # CLDR has "0M" for 1,000,000 and "00M" for 10,000,000: the zeros are the digits before the sign, so one M
            # is the size over 10 for each zero but the first.
            digits = text.count("0")
            if text.strip("0"):
                found.setdefault(
                    text.strip("0").strip(), (float(size) / 10 ** (digits - 1), text.replace("0" * digits, "{}"))
                )
        compact = tuple(sorted(found.values(), reverse=True))
    return _Symbols(
        decimal=signs["decimal"], group=signs["group"].replace(" ", NBSP), primary=number.grouping[0],
        secondary=number.grouping[1], percent=_around(data.percent_formats[None].pattern, "%", signs["percentSign"]),
        money=money, compact=compact,
        months_short=tuple(data.months["format"]["abbreviated"][i].rstrip(".") for i in range(1, 13)),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _day(label: str, locale: str, skeleton: str) -> str:
    from babel.dates import format_date, format_skeleton

    when = Date.fromisoformat(label if len(label) > 7 else f"{label}-01")
    if skeleton:
        return format_skeleton(skeleton, when, locale=locale).replace(" ", NBSP)
    return format_date(when, "medium" if len(label) > 7 else "long", locale=locale).replace(" ", NBSP)


@dataclass(frozen=True, slots=True)
class AxisPeriod:
    """One label of a time axis: the short month, and the year where it is to be written."""

    position: int
    month: str
    year: str | None


@dataclass(frozen=True, slots=True)
class Formats:
    """How one report writes numbers.

    Parameters
    ----------
    locale
        CLDR locale, e.g. ``en_IN``; decides separators, grouping, month names and the words ``to``.
    currency
        ISO 4217 code of the sales column; "" where it is not known: money is then written as plain numbers.
    unit
        What one unit of promotion is called, e.g. ``visit``; ``units`` are several, empty where nobody said.
    response
        ``level``: effects are money; ``log``: effects are natural-log points, written as percent.
    own
        Sentences of the user's in place of ours.
    """

    locale: str = "en_IN"
    currency: str = "INR"
    unit: str = "unit"
    units: str = ""
    response: Literal["level", "relative", "log"] = "level"
    own: Mapping[Message, str | tuple[str, str]] = field(default_factory=dict, hash=False, compare=False)

    @property
    def _cldr(self) -> _Symbols:
        return _symbols(self.locale, self.currency)

    @property
    def symbol(self) -> str:
        """Return the currency sign as the locale writes it, or "units of sales" where no currency is known."""
        if not self.currency:
            return Language(self.locale, own=self.own).gettext("units of sales")
        return self._cldr.money.replace("{}", "").strip(NBSP)

    # --- numbers ----------------------------------------------------------------------------

    def _plain(self, value: float, digits: int) -> str:
        """Return |value| grouped, without sign."""
        return self._grouped(f"{abs(value):.{digits}f}")

    def _grouped(self, text: str) -> str:
        whole, _, fraction = text.partition(".")
        cldr = self._cldr
        if len(whole) > cldr.primary:
            head, parts = whole[: -cldr.primary], [whole[-cldr.primary :]]
            while head:
                # Indian grouping: three digits first, then pairs.
                parts.append(head[-cldr.secondary :])
                head = head[: -cldr.secondary]
            whole = cldr.group.join(reversed(parts))
        return f"{whole}{cldr.decimal}{fraction}" if fraction else whole

    def _signed(self, value: float, digits: int, pattern: str, *, plus: bool = False) -> str:
        # The sign is judged after rounding: "-0" would be a number below zero that is not.
        rounded = f"{value:.{digits}f}"
        size = rounded.lstrip("-")
        text = pattern.format(self._grouped(size))
        if not size.strip("0."):  # rounded to zero: no sign
            return text
        if size != rounded:
            return MINUS + text
        return "+" + text if plus else text

    def integer(self, value: float | None) -> str:
        """Whole number, grouped: ``12,40,000`` in en_IN."""
        return self.decimal(value, 0)

    def decimal(self, value: float | None, digits: int, *, plus: bool = False) -> str:
        """Write ``digits`` decimals; the en dash where missing or not finite."""
        if value is None or not math.isfinite(value):
            return MISSING
        return self._signed(value, digits, "{}", plus=plus)

    def number(self, value: float | None, se: float | None = None, *, plus: bool = False) -> str:
        """Number with the digits that its SE supports (three significant digits without one)."""
        return self.decimal(value, self.digits(value, se), plus=plus)

    @staticmethod
    def digits(value: float | None, se: float | None = None) -> int:
        """Decimals that show two significant digits of ``se``; without an SE, three of ``value``; 0 to 6."""
        # An estimate is not known better than to two digits of its SE.
        base, keep = (se, 2) if se is not None and math.isfinite(se) and se > 0 else (value, 3)
        if base is None or base == 0 or not math.isfinite(base):
            return 0
        return min(max(keep - 1 - math.floor(math.log10(abs(base))), 0), 6)

    def p_value(self, p: float | None) -> str:
        """``<0.001``, three decimals below 0.1, two above, ``>0.99``."""
        if p is None or not math.isfinite(p):
            return MISSING
        if p < 0.001:
            return "<" + self.decimal(0.001, 3)
        if p > 0.99:
            return ">" + self.decimal(0.99, 2)
        # From 0.0995 on three decimals would say 0.100, beside 0.10 in the next row.
        return self.decimal(p, 3 if p < 0.0995 else 2)

    def percent(
        self, value: float | None, se: float | None = None, *, digits: int | None = None, plus: bool = False
    ) -> str:
        """Write a fraction as percent: one decimal or what the SE supports; ``0%`` for exact zero only."""
        if value is None or not math.isfinite(value):
            return MISSING
        if digits is None:
            digits = self.digits(value * 100, se * 100) if se else 1
        pattern, share = self._cldr.percent, value * 100
        if value == 0:
            return pattern.format("0")
        step = 10.0**-digits
        if abs(float(f"{share:.{digits}f}")) == 0:
            # A share that would be printed as zero and is not: below the smallest step, on its side of zero.
            return ("<" if value > 0 else ">" + MINUS) + pattern.format(self._plain(step, digits))
        if value < 1 and float(f"{share:.{digits}f}") >= 100:
            return ">" + pattern.format(self._plain(100 - step, digits))
        return self._signed(share, digits, pattern, plus=plus)

    def level(self, confidence: float) -> str:
        """Write a level of confidence with the decimals it has: ``95%``, ``97.5%``."""
        digits = next((d for d in range(3) if abs(round(confidence * 100, d) - confidence * 100) < 1e-9), 3)
        return self.percent(confidence, digits=digits)

    # --- money ------------------------------------------------------------------------------

    def money(self, value: float | None, se: float | None = None, *, plus: bool = False) -> str:
        """Exact money: whole units where the SE (or, without one, the amount) is large, else two decimals or more."""
        if value is None or not math.isfinite(value):
            return MISSING
        if se is not None and se > 0:
            digits = 0 if se >= 1 else max(self.digits(value, se), 2)
        else:
            digits = 0 if abs(value) >= 100 or value == 0 else max(self.digits(value), 2)
        return self._signed(value, min(digits, 6), self._cldr.money, plus=plus)

    def money_short(
        self, value: float | None, se: float | None = None, *, plus: bool = False, beside: float = 0.0
    ) -> str:
        """Money in the locale's large units from 100,000 up: ``₹ 12.4 lakh``, ``1,2 Mio. €``, ``$1.2M``.

        One decimal (none from 100 up), or up to two where the SE supports them, in the unit of the one ``beside`` it.
        """
        if value is None or not math.isfinite(value):
            return MISSING
        size, pattern = self._scale(whole := max(abs(value), abs(beside)))
        if abs(value) < size / 20:
            size, pattern = self._scale(whole := abs(value))
        # From 99,950 on three digits make it 100,000; below, amounts are written out: CLDR has a letter for thousands.
        if size == 1 or whole < 99_950:
            return self.money(value, plus=plus)
        scaled = value / size
        # 99.95 would be printed as 100.0.
        digits = 0 if abs(scaled) >= 99.95 else 1
        if se is not None and se > 0:
            digits = min(self.digits(scaled, se / size), 2)
        text = pattern.format(self._plain(scaled, digits))
        sign = MINUS if value < 0 else "+" if plus else ""
        return sign + self._cldr.money.format(text)

    def _scale(self, magnitude: float) -> tuple[float, str]:
        """Return the largest compact unit not above ``magnitude`` (rounded to three digits), or 1."""
        rounded = float(f"{magnitude:.2e}") if magnitude else 0.0
        return next(((size, text) for size, text in self._cldr.compact if rounded >= size), (1.0, "{}"))

    def effect(self, value: float | None, se: float | None = None, *, plus: bool = False) -> str:
        """Write an effect in response units: money at level; at log, ``exp(value) - 1`` as percent."""
        if self.response != "log" or value is None:
            return self.money(value, se, plus=plus)
        share = self.effect_value(value)
        assert share is not None  # noqa: S101 - value is not None here
        # Delta method: d exp(b) = exp(b) db.
        spread = None if se is None else se * math.exp(value)
        return self.percent(share, spread, plus=plus)

    def effect_value(self, value: float | None) -> float | None:
        """Return the number :meth:`effect` writes: money, or a fraction at log."""
        if value is None or self.response != "log":
            return value
        # exp() overflows a double at 709.8.
        return math.expm1(value) if value < 700 else math.inf

    # --- intervals --------------------------------------------------------------------------

    def value(self, value: float | None, kind: Kind = "number", se: float | None = None, *, plus: bool = False) -> str:
        """Write ``value`` as ``kind``."""
        if kind == "money":
            return self.money(value, se, plus=plus)
        if kind == "money-short":
            return self.money_short(value, se, plus=plus)
        if kind == "percent":
            return self.percent(value, se, plus=plus)
        return self.number(value, se, plus=plus)

    def interval(self, lower: float | None, upper: float | None, kind: Kind = "number", se: float | None = None) -> str:
        """``₹ 305 to ₹ 519``; digits from the SE, or from the width of the interval."""
        if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
            return MISSING
        spread = se or about_se(lower, upper)
        # Shares without an SE have one decimal everywhere: digits by width would make them look surer in one row than
        # the next.
        if kind == "percent" and se is None:
            spread = None
        if kind == "money-short":
            low = self.money_short(lower, spread, beside=upper)
            high = self.money_short(upper, spread, beside=lower)
        else:
            low, high = self.value(lower, kind, spread), self.value(upper, kind, spread)
        return Language(self.locale, own=self.own).gettext("{lower} to {upper}").format(lower=low, upper=high)

    def effect_interval(self, lower: float | None, upper: float | None, se: float | None = None) -> str:
        """Interval of an effect in response units, written as :meth:`effect` writes the estimate."""
        if lower is None or upper is None:
            return MISSING
        spread = se or about_se(lower, upper)
        low, high = self.effect(lower, spread), self.effect(upper, spread)
        return Language(self.locale, own=self.own).gettext("{lower} to {upper}").format(lower=low, upper=high)

    # --- axes -------------------------------------------------------------------------------

    def ticks(self, values: tuple[float, ...], kind: Kind = "number") -> tuple[str, ...]:
        """Labels of evenly spaced ticks: one scale and one number of decimals for all, money sign included."""
        if not values:
            return ()
        step = min((b - a for a, b in pairwise(values)), default=abs(values[0]) or 1.0)
        size, suffix = (1.0, "{}")
        pattern = "{}"
        if kind in ("money", "money-short"):
            top = max(abs(v) for v in values)
            size, suffix = self._scale(top)
            if step * 4 < size and top < 1_000_000:  # 20,000 reads better than 0.2 lakh
                size, suffix = self._scale(step)
            pattern = self._cldr.money
        elif kind == "percent":
            size, pattern = 0.01, self._cldr.percent
        digits = _decimals(step / size)
        return tuple(
            (MINUS if v < 0 else "")
            + pattern.format(suffix.format(self._plain(v / size, digits)) if v else self._plain(0.0, 0))
            for v in values
        )

    # --- time -------------------------------------------------------------------------------

    def period(self, label: str) -> str:
        """``2021-01`` → ``Jan 2021``; a week by its Monday, ``4 Jan 2021``."""
        if len(label) > 7:
            return _day(label, self.locale, "")
        if label[5:6] == "Q":
            return f"{label[5:]}{NBSP}{label[:4]}"
        return _day(label, self.locale, "yMMM")

    def period_range(self, first: str, last: str) -> str:
        """``Jan 2021 – Dec 2023``."""
        return self.period(first) if first == last else f"{self.period(first)} – {self.period(last)}"

    def date(self, iso: str) -> str:
        """ISO date → the locale's medium form, ``31 Jan 2024``."""
        return _day(iso[:10], self.locale, "")

    def axis_periods(self, labels: tuple[str, ...], most: int = 12) -> tuple[AxisPeriod, ...]:
        """Choose at most ``most`` labels for a time axis: short months, the year once at its first label."""
        starts: list[tuple[int, int, int]] = []
        for position, label in enumerate(labels):
            year, month = int(label[:4]), int(label[6:7]) * 3 - 2 if label[5:6] == "Q" else int(label[5:7])
            if not starts or (year, month) != starts[-1][1:]:
                starts.append((position, year, month))
        wanted = starts
        for step in (1, 2, 3, 6, 12, 24, 60, 120):
            # Counted from January, so that quarters and years begin where a reader expects them.
            wanted = [s for s in starts if (s[1] * 12 + s[2] - 1) % step == 0]
            if len(wanted) <= most:
                break
        if not wanted:
            wanted = starts[:1]
        made, seen = [], None
        for position, year, month in wanted:
            text = self._cldr.months_short[month - 1]
            made.append(AxisPeriod(position, text, str(year) if year != seen else None))
            seen = year
        return tuple(made)


def _decimals(step: float) -> int:
    """Decimals needed to write multiples of ``step`` exactly, 0 to 6."""
    for digits in range(6):
        if abs(round(step, digits) - step) <= abs(step) * 1e-6:
            return digits
    return 6
