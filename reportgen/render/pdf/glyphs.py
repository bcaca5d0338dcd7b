"""Which fonts a document of Typst needs: ours, and the machine's only for letters that ours lack.

Under PDF/UA Typst refuses a letter that no font has, so what is left over becomes U+FFFD here. Fira Sans and Mukta come
from packages, DejaVu Sans (Arabic, Hebrew, symbols) with matplotlib, which is not imported for it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from reportgen.report.typefaces.faces import FALLBACK, FAMILY, SPARE, font_files, font_folders, spare_folder
from reportgen.report.typefaces.widths import characters

_LOST = "\ufffd"
_NO_GLYPH_NEEDED = frozenset({"Cc", "Cf", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Fonts (``typst.Fonts``), the order in which they are tried, and the text as they can print it."""

    fonts: Any
    families: tuple[str, ...]
    text: str


def choose_fonts(text: str) -> Chosen:
    """Return the fonts for all of ``text``; raises ``EnvironmentMissing`` where a font package is."""
    strange = frozenset(
        letter
        for letter in set(text)
        if ord(letter) not in _covered() and unicodedata.category(letter) not in _NO_GLYPH_NEEDED
    )
    families = (FAMILY, FALLBACK, SPARE)
    if not strange:
        return Chosen(_fonts(system=False), families, text)
    more, lost = _from_the_machine(strange)
    return Chosen(_fonts(system=bool(more)), (*families, *more), text.translate(dict.fromkeys(map(ord, lost), _LOST)))


@cache
def _covered() -> frozenset[int]:
    paths = [path for (_, weight, style), path in font_files().items() if (weight, style) == (400, "normal")]
    return frozenset().union(*(characters(path) for path in (*paths, spare_folder() / "DejaVuSans.ttf")))


@cache
def _fonts(*, system: bool) -> Any:
    import typst

    folders = [*font_folders(), spare_folder()]
    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=False, font_paths=folders)


@lru_cache(maxsize=64)
def _from_the_machine(strange: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Families of this machine that have some of ``strange``, in order of their names, and what none has."""
    from fontTools.ttLib import TTFont, TTLibError

    families, left = [], set(strange)
    found = {(font.family, font.path, font.index) for font in _fonts(system=True).fonts() if font.path}
    for family, path, index in sorted(found):
        # The font of last resort has a box for every letter, and no letter.
        if not left or family.startswith("Last Resort"):
            continue
        try:
            with TTFont(path, fontNumber=index, lazy=True) as font:
                here = {letter for letter in left if ord(letter) in (font.getBestCmap() or {})}
        except (OSError, TTLibError):
            continue
        if here:
            families.append(family)
            left -= here
    return tuple(dict.fromkeys(families)), frozenset(left)
