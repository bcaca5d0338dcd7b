"""The two typefaces of every document: Fira Sans, with Mukta for Devanagari, both from installed packages.

Charts and PDF pages use the same files, so text looks alike on every machine whatever fonts it has. Static files
only: WeasyPrint needs 50 ms for each weight of a variable font. Widths of text are added up from the advance widths
in the files, which is 100 times faster than laying text out and never warns about a glyph; scripts whose letters join
or stack are measured by :mod:`reportgen.report.typefaces.outlines`; a letter that neither face has counts 0.6 em.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import EnvironmentMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.ft2font import FT2Font

FAMILY = "Fira Sans"
FALLBACK = "Mukta"
STACK = "'Fira Sans', Mukta, system-ui, sans-serif"
"""Value of CSS ``font-family`` and of the SVG attribute."""

COMPLEX = re.compile("[\u0590-\u109f\u1780-\u18af\ufb1d-\ufdff\ufe70-\ufefc]")
"""Letters that join or stack: Hebrew to Myanmar (with Arabic and all Indic scripts), Khmer, Mongolian."""

_PACKAGES = {FAMILY: "fontpkg_fira_sans", FALLBACK: "fontpkg_mukta"}
_FILES = {
    (FAMILY, 400, "normal"): "FiraSans-Regular.ttf",
    (FAMILY, 400, "italic"): "FiraSans-Italic.ttf",
    (FAMILY, 500, "normal"): "FiraSans-Medium.ttf",
    (FAMILY, 600, "normal"): "FiraSans-SemiBold.ttf",
    (FAMILY, 700, "normal"): "FiraSans-Bold.ttf",
    (FALLBACK, 400, "normal"): "Mukta-Regular.ttf",
    (FALLBACK, 600, "normal"): "Mukta-SemiBold.ttf",
    (FALLBACK, 700, "normal"): "Mukta-Bold.ttf",
}


def font_folder(family: str) -> Path:
    """Folder with the font files of ``family``.

    Raises
    ------
    EnvironmentMissing
        If the font package is not installed.
    """
    package = _PACKAGES[family]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        distribution = package.replace("_", "-")
        raise EnvironmentMissing(
            f"The font package {distribution} is not installed. Install it: pip install {distribution}.",
            code="font-missing",
        )
    return Path(spec.origin).parent / "files"


def font_folders() -> tuple[Path, ...]:
    """Folders for a private fontconfig configuration."""
    return tuple(font_folder(family) for family in _PACKAGES)


def font_files() -> dict[tuple[str, int, str], Path]:
    """Every face in use by (family, weight, style): what ``@font-face`` rules and embedding need."""
    return {key: font_folder(key[0]) / name for key, name in _FILES.items()}


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the faces known to matplotlib (once per process)."""
    from matplotlib import font_manager

    for path in font_files().values():
        font_manager.fontManager.addfont(path)


@lru_cache(maxsize=8)
def _face(family: str, weight: int) -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(font_folder(family) / _FILES[family, weight, "normal"]))


@lru_cache(maxsize=8192)
def _advance(letter: str, weight: int) -> float:
    """Width of one letter in em."""
    from matplotlib.ft2font import LoadFlags

    for family, step in ((FAMILY, weight), (FALLBACK, 400 if weight < 600 else 600)):
        face = _face(family, step)
        if face.get_char_index(ord(letter)):
            glyph = face.load_char(ord(letter), flags=LoadFlags.NO_SCALE)
            return float(glyph.horiAdvance) / float(face.units_per_EM)
    return 0.6


def text_width(text: str, size: float, weight: int = 400) -> float:
    """Width of ``text`` at ``size``, in the unit of ``size`` (kerning and ligatures are ignored)."""
    return size * _em_width(text, weight)


@lru_cache(maxsize=8192)
def _em_width(text: str, weight: int) -> float:
    if COMPLEX.search(text):
        from reportgen.report.typefaces.outlines import shaped_width

        return shaped_width(text, weight)
    return sum(_advance(letter, weight) for letter in text)


def fit_text(text: str, width: float, size: float, weight: int = 400) -> str:
    """Return ``text``, with an ellipsis inside where it is wider than ``width``; its end is kept."""
    from reportgen.report.words.names import shortened

    whole = text_width(text, size, weight)
    if whole <= width:
        return text
    kept = min(len(text) - 1, int(len(text) * width / whole) + 4)
    while kept > 1 and text_width(shortened(text, kept), size, weight) > width:
        kept -= 1
    return shortened(text, kept)


def fit_texts(texts: Sequence[str], width: float, size: float, weight: int = 400) -> tuple[str, ...]:
    """Return each of ``texts`` as :func:`fit_text` does, such that different ones stay different where they can."""
    from reportgen.report.words.names import told_apart

    return told_apart(texts, lambda text: fit_text(text, width, size, weight))
