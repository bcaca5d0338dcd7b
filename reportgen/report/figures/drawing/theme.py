"""Colours and sizes of the charts: the same tokens as the pages (templates/css/tokens.css).

Same colour for the same thing through the whole report: sales ink, promotion accent, without promotion grey, a
highlighted pharmacy the second accent. Blue-green and orange-brown stay apart for colour-blind readers, in grey
print they differ in lightness, and shape (hollow, dashed) carries the same meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT_SIZE = 12
SMALL = 11
WIDE = 680.0
"""Width of a full-width chart, in pixels of 1/72 inch at scale 1."""
HALF = 332.0
SLIM = 340.0
THIRD = 222.0
"""Width of one of two charts side by side."""

_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Palette as ``#rrggbb`` in lower case; a brand replaces ``accent``."""

    ink: str = "#17202b"
    muted: str = "#55616e"
    faint: str = "#8a95a1"
    line: str = "#d9dfe5"
    paper: str = "#ffffff"
    accent: str = "#0a6a82"
    second: str = "#b4490a"

    def __post_init__(self) -> None:
        """Refuse what could not be replaced by a variable later (or could carry markup)."""
        for name, colour in self.variables():
            if not _COLOUR.match(colour):
                raise ValueError(f"Theme.{name} is {colour!r}; write it as #rrggbb in lower case.")

    def variables(self) -> tuple[tuple[str, str], ...]:
        """CSS variable name and fallback colour, every token once."""
        names = ("ink", "muted", "faint", "line", "paper", "accent", "second")
        return tuple((name, getattr(self, name)) for name in names)
