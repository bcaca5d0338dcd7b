"""Whose report it is: name, logo, accent and footer, made safe to embed.

A logo becomes a ``data:`` URL of at most 200 kB; an SVG logo with script, links or external references is refused,
because a page must never run or fetch anything. An accent that is hard to read on white paper (contrast under
WCAG's 4.5) is refused rather than darkened silently.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ConfigError
from reportgen.report.blocks import Brand
from reportgen.report.figures.drawing.theme import Theme
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.settings.sections import BrandSettings

MOST_BYTES = 200_000
LEAST_CONTRAST = 4.5

_ACCENT = re.compile(r"#[0-9a-f]{6}\Z")
_ACTIVE = re.compile(
    rb"<script|<foreignObject|<!ENTITY|\son\w+\s*=|javascript:|(?:href|src)\s*=\s*[\"'](?!#|data:image/)", re.IGNORECASE
)
_PNG = b"\x89PNG\r\n\x1a\n"


def load_brand(settings: BrandSettings) -> Brand:
    """Brand as documents show it.

    Raises
    ------
    ConfigError
        The logo is missing, too large, no PNG or SVG, or active; the accent is no colour or too pale.
    """
    return Brand(
        name=clean(settings.name) if settings.name else "",
        logo=_logo(settings.logo) if settings.logo else "",
        accent=_accent(settings.accent) if settings.accent else "",
        footer=clean(settings.footer, 160) if settings.footer else "",
    )


def theme(brand: Brand) -> Theme:
    """Colours of the charts under this brand."""
    return Theme(accent=brand.accent) if brand.accent else Theme()


def contrast_on_white(colour: str) -> float:
    """WCAG 2 contrast ratio of ``#rrggbb`` on white, 1 to 21."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _accent(colour: str) -> str:
    lower = colour.strip().lower()
    if not _ACCENT.match(lower):
        raise ConfigError(f"brand.accent is {colour[:40]!r}; write a colour as #rrggbb.", code="brand-accent")
    ratio = contrast_on_white(lower)
    if ratio < LEAST_CONTRAST:
        raise ConfigError(
            f"brand.accent {lower} has a contrast of {ratio:.1f} on white, under {LEAST_CONTRAST}; use a darker one.",
            code="brand-contrast",
        )
    return lower


def _logo(path: str) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"brand.logo: {Path(path).name} cannot be read: {error.strerror}.", code="brand-logo"
        ) from None
    name = Path(path).name
    if len(content) > MOST_BYTES:
        raise ConfigError(f"brand.logo: {name} has {len(content)} bytes; at most {MOST_BYTES}.", code="brand-logo")
    if content.startswith(_PNG):
        kind = "png"
    elif b"<svg" in content[:2000]:
        kind = "svg+xml"
        if _ACTIVE.search(content):
            raise ConfigError(f"brand.logo: {name} holds scripts or links; save it as a plain SVG.", code="brand-logo")
    else:
        raise ConfigError(f"brand.logo: {name} is neither PNG nor SVG.", code="brand-logo")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
