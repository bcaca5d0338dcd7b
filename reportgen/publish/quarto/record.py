"""``_reportgen.json``: what a Quarto project folder was written from, and which of its pages were rendered since.

Sealed with its own hash like ``_OK.json``; a record that cannot be trusted counts as none, and everything is written
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.batch.state import files, record
from reportgen.version import __version__

NAME = "_reportgen.json"
"""Quarto passes over names with a leading underscore."""
CONFIGURATION = "_quarto.yml"
SCHEMA_VERSION = 1

Hashes = Mapping[str, str]
"""File name below the project, with ``/``, and SHA-256."""


@dataclass(slots=True)
class Written:
    """The record of a project folder."""

    formats: tuple[str, ...] = ()
    markets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By slug: ``market``, ``stamp``, ``files`` (name → SHA-256)."""
    site: dict[str, Any] = field(default_factory=dict)
    rendered: dict[str, str] = field(default_factory=dict)
    """Page → hash of what it was rendered from."""

    def save(self, project: Path) -> None:
        """Seal and write the record."""
        content = {
            "schema_version": SCHEMA_VERSION, "program": __version__, "formats": list(self.formats),
            "markets": self.markets, "site": self.site, "rendered": self.rendered,
        }  # fmt: skip
        files.write_atomic(project / NAME, record.seal(content))


def read_written(project: Path) -> Written:
    """Return the record of a project folder; an empty one if there is none that can be trusted."""
    content = record.unseal(project / NAME)
    if content is None or content.get("schema_version") != SCHEMA_VERSION:
        return Written()
    try:
        return Written(
            formats=tuple(content["formats"]),
            markets=dict(content["markets"]),
            site=dict(content["site"]),
            rendered=dict(content["rendered"]),
        )
    except (KeyError, TypeError, ValueError):
        return Written()


def page_names(written: Written) -> tuple[str, ...]:
    """Every page of a project."""
    names = [name for entry in written.markets.values() for name in entry["files"]]
    names += list(written.site.get("files", {}))
    return tuple(sorted(name for name in names if name.endswith(".qmd")))
