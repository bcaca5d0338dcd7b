"""What a value of a setting may look like, and how it is brought into one form.

Functions of one value: :mod:`reportgen.settings.sections` names the settings they belong to. Each returns the value, or
raises ``ValueError`` with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"


def as_list(value: Any) -> Any:
    """One name need not be written as a list; an empty one is no name."""
    return ((value,) if value.strip() else ()) if isinstance(value, str) else value


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
    return tuple(tuple(item.split("=", 1)) if isinstance(item, str) else item for item in items)


def as_recipients(value: Any) -> Any:
    """An address or a list for all markets, or ``{"PL-*": "a@b.pl"}``; ``PL-*=a@b.pl`` in variables and options."""
    if isinstance(value, Mapping):
        return tuple((glob, as_list(addresses)) for glob, addresses in value.items())
    pairs = []
    for item in as_list(value):
        if isinstance(item, str):
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


def locales(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Refuse what cannot be a locale; whether there are data for it is asked when it is used."""
    for market, locale in pairs:
        if not re.fullmatch(r"[a-z]{2,3}(_[A-Za-z0-9]+)*", locale):
            raise ValueError(f"{market} = {locale}: {locale} is not a locale; write e.g. de_DE")
    return pairs
