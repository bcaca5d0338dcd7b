"""Whose report it is: name, logo, accent and footer, made safe to embed.

A logo becomes a ``data:`` URL of at most 200 kB; an SVG logo with script, links or external references is refused,
because a page must never run or fetch anything. An accent that is hard to read on white paper (contrast under
WCAG's 4.5) is refused rather than darkened silently. Both are refused when the settings are read, by the same rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ConfigError
from reportgen.report.blocks import Brand
from reportgen.report.figures.drawing.theme import Theme
from reportgen.report.words.names import clean
from reportgen.settings import coerce

if TYPE_CHECKING:
    from reportgen.settings.sections import BrandSettings


def load_brand(settings: BrandSettings) -> Brand:
    """Brand as documents show it.

    Raises
    ------
    ConfigError
        The logo is missing, too large, no PNG or SVG, or active.
    """
    return Brand(
        name=clean(settings.name) if settings.name else "",
        logo=_logo(settings.logo) if settings.logo else "",
        accent=settings.accent,
        footer=clean(settings.footer, 160) if settings.footer else "",
    )


def theme(brand: Brand) -> Theme:
    """Colours of the charts under this brand."""
    return Theme(accent=brand.accent) if brand.accent else Theme()


def _logo(path: str) -> str:
    try:
        return coerce.logo(Path(path))
    except ValueError as error:
        raise ConfigError(f"brand.logo: {error}.", code="brand-logo") from None
