"""What a value of a setting may look like, and how it is brought into one form.

Functions of one value: :mod:`reportgen.settings.sections` names the settings they belong to. Each returns the value, or
raises ``ValueError`` with what to write instead.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
_DEFAULTS = frozenset({"en_IN", "INR", ""})
"""Known without a look-up, which would take every command a tenth of a second."""
_SIGNS = {"₹": "INR", "rs": "INR", "€": "EUR", "euro": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "zł": "PLN"}
EARLIEST_YEAR = 1900
LEAST_CONTRAST = 4.5
MOST_BYTES = 200_000
"""Of a logo, which every page of every report carries."""
# What makes an SVG run or fetch: scripts, handlers, foreign markup, entities, and addresses but those inside the file
# or of embedded pictures.
_ACTIVE = re.compile(
    rb"<script|<foreignObject|<!ENTITY|\son\w+\s*=|javascript:|(?:href|src)\s*=\s*[\"'](?!#|data:image/)", re.IGNORECASE
)
_PNG = b"\x89PNG\r\n\x1a\n"


def as_list(value: Any) -> Any:
    """One name need not be written as a list; an empty one is no name."""
    return ((value,) if value.strip() else ()) if isinstance(value, str) else value


def as_texts(value: Any) -> Any:
    """As :func:`as_list`; a number need not be written as text."""
    items = as_list((value,) if isinstance(value, int | float) else value)
    if not isinstance(items, list | tuple):
        return items
    return tuple(str(one) if isinstance(one, int | float) and not isinstance(one, bool) else one for one in items)


def key(value: Any) -> Any:
    """One column need not be written as a list."""
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def fold_name(name: str) -> str:
    """Name without case, blanks, punctuation or composition, for comparison."""
    # NFKC makes one of composed and decomposed letters and of wide and narrow forms. Marks stay: without them
    # Devanagari vowels would be lost, and names with them.
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


def one_line(value: str) -> str:
    """A text without line ends and blanks around it."""
    return " ".join(value.split())


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse a name that stands twice."""
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} is named more than once")
    return values


def none_if_blank(value: Any) -> Any:
    """An empty text is no value."""
    return None if isinstance(value, str) and not value.strip() else value


def iso_date(value: str) -> str:
    """A date as YYYY-MM-DD, or nothing."""
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise ValueError(f"{value} is not a date; write YYYY-MM-DD") from None


def year(value: int) -> int:
    """A year of four digits, or 0 for none."""
    if 0 < value < EARLIEST_YEAR:
        raise ValueError(f"{value} is no year of four digits; write e.g. 2021")
    return value


def period(value: str) -> str:
    """Refuse what is no period."""
    if not re.fullmatch(r"\d{4}-((0[1-9]|1[0-2])(-\d{2})?|Q[1-4])", value):
        raise ValueError("write a period as 2023-01, 2023-Q1 or, for a week, one of its days")
    return value


def zone(value: str) -> str:
    """Refuse what is no time zone."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value).key if value else ""
    except (ValueError, OSError, KeyError):
        raise ValueError("this time zone is not known; write e.g. Asia/Kolkata") from None


def web_address(value: str) -> str:
    """An http(s) address without user or query, or nothing."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query):
        raise ValueError(f"{value} is not a web address; write https://host/path")
    return value


def as_pairs(value: Any) -> Any:
    """``{"DE-*": "de_DE"}``, or ``["DE-*=de_DE"]`` where a table cannot be written (environment, options)."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError('write a table, e.g. {"DE-*" = "de_DE"}')  # noqa: TRY004 - what pydantic turns into a refusal
    return tuple(tuple(item.split("=", 1)) if isinstance(item, str) else item for item in items)


def as_recipients(value: Any) -> Any:
    """An address or a list for all markets, or ``{"PL-*": "a@b.pl"}``; ``PL-*=a@b.pl`` in variables and options."""
    if isinstance(value, Mapping):
        return tuple((glob, as_list(addresses)) for glob, addresses in value.items())
    pairs = []
    if not isinstance(value, str | list | tuple):
        raise ValueError('write an address, a list of them, or a table, e.g. {"PL-*" = "a@example.pl"}')  # noqa: TRY004
    for item in as_list(value):
        if isinstance(item, str):
            # The last sign parts them: a market may hold one, an address does not.
            glob, _, address = item.strip().rpartition("=")
            pairs.append((glob or "*", (address,)))
        else:
            pairs.append(item)
    return tuple(pairs)


def recipients(pairs: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Refuse what is no e-mail address."""
    for _, addresses in pairs:
        for address in addresses:
            if not re.fullmatch(_ADDRESS, address):
                raise ValueError(f"{address!r} is no e-mail address; write name@example.com")
    return pairs


def sender(value: str) -> str:
    """``name@example.com`` or ``Some Name <name@example.com>``, or nothing."""
    name, _, address = value.rpartition("<") if value.endswith(">") else ("", "", value)
    # =? begins an encoded word (RFC 2047): a mail program would show another name than the one that stands here.
    if value and (not re.fullmatch(_ADDRESS, address.removesuffix(">")) or not name.isprintable() or "=?" in name):
        raise ValueError("write name@example.com, or Some Name <name@example.com>")
    return value


def subject(value: str) -> str:
    """Refuse a placeholder that nobody fills in."""
    unknown = sorted(set(re.findall(r"\{(\w*)\}", value)) - {"title", "markets", "date"})
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not known; use {{title}}, {{markets}} and {{date}}")
    return value


def is_table(field: FieldInfo) -> bool:
    """Return whether a setting is a table in reportgen.toml (and pairs in here, which are hashable)."""
    return any(getattr(item, "func", None) in {as_pairs, as_recipients} for item in field.metadata)


def locale(value: str) -> str:
    """Refuse a locale that nobody has data for: numbers and dates could not be written."""
    if value in _DEFAULTS:
        return value
    from babel.core import Locale, UnknownLocaleError

    try:
        Locale.parse(value)
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"this locale is not known; write language and country, e.g. {_near_locale(value)}") from None
    return value


def _near_locale(value: str) -> str:
    """Return the known locale that is written most like this one."""
    from babel.localedata import locale_identifiers

    known = {name.casefold(): name for name in locale_identifiers() if "_" in name}
    near = difflib.get_close_matches(value.replace("-", "_").casefold(), known, n=1, cutoff=0.7)
    return known[near[0]] if near else "de_DE"


def locales(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Refuse unknown locales of some markets."""
    for market, name in pairs:
        try:
            locale(name)
        except ValueError as error:
            raise ValueError(f"{market} = {name}: {error}") from None
    return pairs


def currency(value: str) -> str:
    """Refuse what is no currency."""
    if value in _DEFAULTS:
        return value
    from babel.core import get_global

    known = get_global("all_currencies")
    if value not in known:
        near = value.strip().upper()
        near = near if near in known else _SIGNS.get(value.strip().casefold(), "EUR")
        raise ValueError(f'this currency is not known; write its code of three capital letters, e.g. "{near}"')
    return value


def accent(value: str) -> str:
    """A colour that can be read on white paper, as ``#rrggbb`` in small letters, or nothing."""
    colour = value.strip().lower()
    if not colour:
        return ""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValueError('write a colour as # and six digits of 0-9 and a-f, e.g. "#0a6a82"')
    ratio = contrast_on_white(colour)
    if ratio < LEAST_CONTRAST:
        raise ValueError(f"its contrast on white is {ratio:.1f}, under {LEAST_CONTRAST}; use a darker colour")
    return colour


def contrast_on_white(colour: str) -> float:
    """WCAG 2 contrast ratio of ``#rrggbb`` on white, 1 to 21."""
    # Relative luminance of sRGB (WCAG 2.2); white has 1, and .05 is the glare the formula adds to both.
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def logo(path: Path) -> str:
    """Read a logo as a ``data:`` address: PNG, or SVG without anything that runs or fetches, of at most 200 kB."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"there is no file {path.name}") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror})") from None
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path.name} has {len(content)} bytes; at most {MOST_BYTES}")
    if content.startswith(_PNG):
        kind = "png"
    elif b"<svg" in content[:2000]:
        kind = "svg+xml"
        if _ACTIVE.search(content):
            raise ValueError(f"{path.name} holds scripts or links; save it as a plain SVG")
    else:
        raise ValueError(f"{path.name} is neither PNG nor SVG")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def presentation(path: Path) -> Path:
    """Check that a file is a presentation or a template of one, without macros."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except FileNotFoundError:
        raise ValueError(f"there is no file {path.name}") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror})") from None
    except zipfile.BadZipFile:
        names = []
    if "ppt/presentation.xml" not in names:
        raise ValueError(f"{path.name} is no presentation (.pptx) and no template of one (.potx)")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise ValueError(f"{path.name} holds macros; save it as .potx")
    return path


def toml_value(value: Any) -> str:
    """Return a value as it is written in TOML; a list of one name without its brackets."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(str(key))} = {toml_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml_value(item) for item in value)}]" if len(value) != 1 else toml_value(value[0])
    return json.dumps(value, ensure_ascii=False)
