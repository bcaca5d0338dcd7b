"""The file itself: our base or the company's template opened, emptied of slides, and written with fixed times.

python-pptx opens no template (.potx), which differs from a presentation by one word in its table of contents, and
writes the current time into every entry of the archive.
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reportgen.errors import ConfigError, EnvironmentMissing

if TYPE_CHECKING:
    from pathlib import Path

    from pptx.presentation import Presentation
    from pptx.slide import SlideLayout

    from reportgen.report.blocks import Brand
    from reportgen.report.slides.deck import Deck

INSTALL = "pip install 'reportgen-lmm[slides]'"
_CONTENTS = "[Content_Types].xml"
_TEMPLATE, _PRESENTATION = b"presentationml.template.main+xml", b"presentationml.presentation.main+xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can hold."""
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FONT = "Arial"
"""Of our base: a file shows well only where its font is, and this one or its metric twin is everywhere."""
_WIDE = (12192000, 6858000)
"""16:9, 13⅓ × 7½ inches in EMU."""


def slides_missing() -> bool:
    """Return whether python-pptx is not installed."""
    return importlib.util.find_spec("pptx") is None


def open_template(brand: Brand, template: Path | None) -> Presentation:
    """Presentation without slides: the company's template, or our base in the brand's colour.

    Raises
    ------
    EnvironmentMissing
        python-pptx is not installed.
    ConfigError
        The template cannot be opened.
    """
    try:
        import pptx
    except ImportError:
        raise EnvironmentMissing(f"Slides need python-pptx: {INSTALL}.", code="no-slides") from None
    if template is None:
        return _base(pptx.Presentation(), brand)
    try:
        made = pptx.Presentation(io.BytesIO(_as_presentation(template.read_bytes())))
    except Exception as error:  # noqa: BLE001 - whatever a foreign file makes python-pptx raise
        raise ConfigError(
            f"brand.slides: {template.name} cannot be opened as a presentation ({type(error).__name__}).",
            code="brand-slides",
        ) from None
    slides = made.element.get_or_add_sldIdLst()
    for one in list(slides):
        made.part.drop_rel(one.rId)
        slides.remove(one)
    return made


def title_layout(presentation: Presentation) -> SlideLayout:
    """The layout with a title and nothing else, or the one nearest to it.

    Raises
    ------
    ConfigError
        No layout has a title.
    """
    found = [layout for layout in presentation.slide_layouts if any(_is_title(one) for one in layout.placeholders)]
    if not found:
        raise ConfigError("brand.slides: no layout of the template has a title.", code="brand-slides")
    return min(found, key=lambda layout: (layout.element.get("type") != "titleOnly", len(list(layout.placeholders))))


def written(presentation: Presentation, deck: Deck) -> bytes:
    """Bytes of the file: the same for the same slides."""
    made = presentation.core_properties
    when = datetime.fromisoformat(deck.date_iso or "2000-01-01")
    made.title, made.author, made.last_modified_by = deck.title, deck.brand.name, deck.brand.name
    made.created = made.modified = when
    made.language, made.revision = deck.lang, 1
    made.subject = made.keywords = made.comments = ""
    buffer, fixed = io.BytesIO(), io.BytesIO()
    presentation.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return fixed.getvalue()


def _as_presentation(content: bytes) -> bytes:
    """The same archive with a presentation's table of contents."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        if _TEMPLATE not in old.read(_CONTENTS):
            return content
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as new:
            for name in old.namelist():
                body = old.read(name)
                new.writestr(name, body.replace(_TEMPLATE, _PRESENTATION) if name == _CONTENTS else body)
    return made.getvalue()


def _base(made: Presentation, brand: Brand) -> Presentation:
    """python-pptx's own template, wide, with one layout, our colours and no pictures."""
    made.slide_width, made.slide_height = _WIDE
    kept = title_layout(made)
    for layout in list(made.slide_layouts):
        if layout is not kept:
            made.slide_layouts.remove(layout)
    for owner in (kept, made.slide_master):
        for holder in list(owner.placeholders):
            if _is_title(holder):
                _place_title(holder)
            elif owner is kept:
                holder.element.getparent().remove(holder.element)
            else:
                # Where the wide slide has no place for it any more.
                holder.left = holder.left * 4 // 3
                holder.width = holder.width * 4 // 3
    _colour(made, brand)
    for part, rels in ((made.part, made.part.rels), (made.part.package, made.part.package._rels)):
        for key, rel in list(rels.items()):
            if rel.reltype.endswith(("/printerSettings", "/thumbnail")):
                part.drop_rel(key)
    return made


def _place_title(holder: Any) -> None:
    inch = 914400
    holder.left, holder.top, holder.width, holder.height = (int(size * inch) for size in (0.6, 0.62, 12.13, 1.2))
    for body in holder.element.iter(f"{_DRAWING}bodyPr"):
        body.set("anchor", "t")
        for side in ("lIns", "rIns", "tIns", "bIns"):
            body.set(side, "0")


def _colour(made: Presentation, brand: Brand) -> None:
    """Write our palette and font into the theme, and titles to the left."""
    from lxml import etree

    # Here, not above: whoever only asks whether slides can be made needs no charts (.4 s).
    from reportgen.report.brand import theme

    colours = theme(brand)
    for rel in made.slide_master.part.rels.values():
        if rel.reltype.endswith("/theme"):
            tree = etree.fromstring(rel.target_part.blob)
            for name, value in (("dk1", colours.ink), ("accent1", colours.accent), ("accent2", colours.second)):
                for slot in tree.iter(f"{_DRAWING}{name}"):
                    for child in list(slot):
                        slot.remove(child)
                    etree.SubElement(slot, f"{_DRAWING}srgbClr", val=value.removeprefix("#").upper())
            for kind in ("majorFont", "minorFont"):
                for font in tree.iter(f"{_DRAWING}{kind}"):
                    font.find(f"{_DRAWING}latin").set("typeface", _FONT)
            rel.target_part._blob = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    for style in made.slide_master.element.iter(
        "{http://schemas.openxmlformats.org/presentationml/2006/main}titleStyle"
    ):
        for level in style.iter(f"{_DRAWING}lvl1pPr"):
            level.set("algn", "l")


def _is_title(holder: Any) -> bool:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return holder.placeholder_format.type in (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
