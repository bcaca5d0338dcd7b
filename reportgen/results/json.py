"""The two files of the waist, written and read: ``results.json`` of a market, ``overview.json`` of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from reportgen.results import market, markets
from reportgen.results.market import MarketResults
from reportgen.results.markets import OverviewResults
from reportgen.results.upgrade import upgraded

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Kind = TypeVar("Kind", MarketResults, OverviewResults)

_ADAPTERS: dict[str, TypeAdapter[Any]] = {}
"""Made at the first use and kept: one costs as much as reading ten files."""


def to_json(results: MarketResults | OverviewResults) -> bytes:
    """Serialise to UTF-8 JSON, one line, shortest exact decimal for every float, NaN as null."""
    text: bytes = _adapter(type(results)).dump_json(results)
    return text


def from_json(text: bytes | str) -> MarketResults:
    """Read the ``results.json`` that :func:`to_json` wrote, of this schema version or an older one.

    An older file is brought to the present version: what it does not have is ``None`` or empty.

    Raises
    ------
    InputError
        If the text is not valid results JSON, or was written by another schema version.
    """
    return _read(text, MarketResults, market.READABLE, "results.json", "Build the market again.")


def overview_from_json(text: bytes | str) -> OverviewResults:
    """Read the ``overview.json`` that :func:`to_json` wrote; errors as :func:`from_json`."""
    return _read(text, OverviewResults, (markets.SCHEMA_VERSION,), "overview.json", "Build the site again.")


def json_schema(kind: type[MarketResults | OverviewResults]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the file that holds ``kind``."""
    schema = _adapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind.__name__ not in _ADAPTERS:
        from pydantic import TypeAdapter

        _ADAPTERS[kind.__name__] = TypeAdapter(kind)
    return _ADAPTERS[kind.__name__]


def _read(text: bytes | str, kind: type[Kind], versions: tuple[int, ...], file: str, again: str) -> Kind:
    import pydantic_core
    from pydantic import ValidationError

    from reportgen.errors import InputError

    try:
        raw = pydantic_core.from_json(text)  # half the time of json.loads
        found = raw.get("schema_version")
    except (ValueError, AttributeError) as error:
        raise InputError(f"{file} is not readable: {error}.", code="results-unreadable") from None
    if found not in versions:
        known = " and ".join(map(str, versions))
        raise InputError(
            f"{file} has schema_version {found!r}; this program reads {known}. {again}", code="results-version"
        )
    try:
        if found != versions[-1]:
            text = pydantic_core.to_json(upgraded(raw, versions[-1]))
        read: Kind = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}: {where}: {first['msg']}.", code="results-invalid") from None
    return read
