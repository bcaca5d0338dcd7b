"""Quarto's two themes from the design tokens of our own pages: no colour is written twice.

``templates/css/tokens.css`` and ``dark.css`` hold the values; they become Sass variables that Bootstrap and Quarto
know, and CSS variables for ``rules.scss``. Charts are files, so the dark theme turns their lightness round and keeps
their hues. A card of light paper behind them was rejected (a page of white boxes), and so was a dark palette within
each file (it follows the browser's setting, not the page's switch).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from reportgen.report.typefaces.faces import FALLBACK, FAMILY, font_folder
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
_SHAPE = re.compile(r"^\.shape[^\n]*$", re.MULTILINE)
_SASS = {
    "body-bg": "paper", "body-color": "ink", "primary": "accent", "link-color": "accent", "border-color": "line",
    "navbar-bg": "ground", "navbar-fg": "ink", "navbar-hl": "accent", "footer-bg": "ground", "footer-fg": "muted",
    "text-muted": "muted", "code-bg": "ground", "code-color": "ink", "code-block-bg": "ground", "table-color": "ink",
    "success": "good", "info": "accent", "warning": "unsure", "danger": "bad", "callout-color-tip": "good",
    "callout-color-note": "mixed", "callout-color-warning": "unsure", "callout-color-important": "bad",
    "form-select-indicator-color": "muted",
    "font-family-sans-serif": "font", "font-family-monospace": "mono", "border-radius": "radius",
}  # fmt: skip
"""Sass variable that Bootstrap or Quarto documents → our token."""
_FACES = (
    (FAMILY, 400, "FiraSans-Regular.woff2", ""),
    (FAMILY, 600, "FiraSans-SemiBold.woff2", ""),
    (FALLBACK, 400, "Mukta-Devanagari.woff2", " unicode-range: U+0900-097F, U+200C-200D;"),
)
_TURNED = '@media screen { main img[src$=".svg"] { filter: invert(0.9) hue-rotate(180deg) saturate(1.4); } }'
_LICENCES = ("LICENSE-FiraSans.txt", "LICENSE-Mukta.txt")
_TRUETYPE = {FAMILY: ("FiraSans-Regular.ttf", "FiraSans-Bold.ttf"), FALLBACK: ("Mukta-Regular.ttf", "Mukta-Bold.ttf")}


def theme_files(accent: str = "", *, paper: bool) -> dict[str, bytes]:
    """Files of the project's ``theme/`` folder.

    Parameters
    ----------
    accent
        The brand's colour ``#rrggbb`` for the light theme, or empty.
    paper
        Whether Typst is among the formats: it needs the typefaces as TrueType files.
    """
    light = tokens("tokens.css")
    dark = light | tokens("dark.css")
    if accent:
        # The dark theme keeps its own accent: a brand's colour is chosen on white and may be hard to read on a dark
        # page.
        light = {**light, "accent": accent}
    files = {
        "theme/light.scss": scss(light).encode(),
        "theme/dark.scss": scss(dark, turned=True).encode(),
        "theme/fonts.css": _faces().encode(),
        "theme/scroll.html": (templates_dir() / "quarto" / "scroll.html").read_bytes(),
    }
    shipped = templates_dir() / "fonts"
    named = [*_LICENCES, *(name for _, _, name, _ in _FACES)]
    files |= {f"theme/fonts/{name}": (shipped / name).read_bytes() for name in named}
    if paper:
        files["theme/tables.typ"] = (templates_dir() / "quarto" / "tables.typ").read_bytes()
        for family, names in _TRUETYPE.items():
            files |= {f"theme/fonts/{name}": (font_folder(family) / name).read_bytes() for name in names}
    return files


def tokens(sheet: str) -> dict[str, str]:
    """Design tokens of one style sheet by name."""
    text = (templates_dir() / "css" / sheet).read_text("utf-8")
    return {name: " ".join(value.split()) for name, value in _TOKEN.findall(text)}


def scss(values: Mapping[str, str], *, turned: bool = False) -> str:
    """One theme: Sass variables, then rules over CSS variables.

    Parameters
    ----------
    turned
        Whether charts, which are drawn for light paper, turn their lightness round.
    """
    defaults = [f"${name}: {values[token]} !default;" for name, token in _SASS.items()]
    variables = [f"  --{name}: {value};" for name, value in values.items()]
    rules = [":root {", *variables, "}", _rules()]
    if turned:
        rules.append(_TURNED)
    head = "// Made by reportgen from its design tokens; change them there or add a theme of your own after this one."
    return "\n".join([head, "/*-- scss:defaults --*/", *defaults, "", "/*-- scss:rules --*/", *rules, ""])


@cache
def _rules() -> str:
    shapes = _SHAPE.findall((templates_dir() / "css" / "layout.css").read_text("utf-8"))
    own = (templates_dir() / "quarto" / "rules.scss").read_text("utf-8").strip()
    return "\n".join([own, *shapes])


def _faces() -> str:
    rules = [
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: swap;{span} '
        f'src: url("fonts/{name}") format("woff2"); }}'
        for family, weight, name, span in _FACES
    ]
    return "\n".join([*rules, ""])
