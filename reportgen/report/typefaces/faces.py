"""The two typefaces of every document: Fira Sans, with Mukta for Devanagari, both from installed packages.

Charts and PDF pages use the same files, so text looks alike on every machine whatever fonts it has. Static files
only: WeasyPrint needs 50 ms for each weight of a variable font.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from reportgen.errors import EnvironmentMissing

FAMILY = "Fira Sans"
FALLBACK = "Mukta"
SPARE = "DejaVu Sans"
"""Comes with matplotlib: Arabic, Hebrew and symbols that the other two lack."""
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
    # Found without importing it.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        distribution = package.replace("_", "-")
        raise EnvironmentMissing(
            f"The font package {distribution} is not installed. Install it: pip install {distribution}.",
            code="font-missing",
        )
    return Path(spec.origin).parent / "files"


def spare_folder() -> Path:
    """Folder with the files of :data:`SPARE`, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise EnvironmentMissing("matplotlib is not installed: pip install matplotlib.", code="font-missing")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


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
