"""How wide a text is, and texts made to fit.

Advance widths are added up from tables of the font files, which is 100 times faster than laying text out and loads no
drawing library. Scripts whose letters join or stack are measured by :mod:`reportgen.report.typefaces.outlines`; a
letter that neither face has counts 0.6 em.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from reportgen.report.typefaces.faces import COMPLEX, FALLBACK, FAMILY, font_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@lru_cache(maxsize=8)
def _widths(family: str, weight: int) -> dict[int, float]:
    """Advance width in em of every character that a face has, by code point."""
    data = font_files()[family, weight, "normal"].read_bytes()
    tables = _tables(data)
    # unitsPerEm of the table head, then numberOfHMetrics of hhea; offsets as in the OpenType specification.
    units = struct.unpack_from(">H", data, tables[b"head"] + 18)[0]
    # Glyphs behind the last full record share its advance and have only a side bearing.
    full = struct.unpack_from(">H", data, tables[b"hhea"] + 34)[0]
    # hmtx: advance width and left side bearing of each glyph; every second number is an advance.
    advances = struct.unpack_from(">" + "Hh" * full, data, tables[b"hmtx"])[::2]
    return {code: advances[min(glyph, full - 1)] / units for code, glyph in _glyphs(data, tables[b"cmap"]) if glyph}


def characters(path: Path) -> frozenset[int]:
    """Code points that a font file has a glyph for."""
    data = path.read_bytes()
    return frozenset(code for code, glyph in _glyphs(data, _tables(data)[b"cmap"]) if glyph)


def _tables(data: bytes) -> dict[bytes, int]:
    """Where each table of a font file starts."""
    # Table directory: tag, checksum, offset and length of each table, 16 bytes from byte 12 on; numTables at byte 4.
    return {
        tag: start  # behind the version, the number of tables and three numbers for binary search
        for tag, _, start, _ in struct.iter_unpack(">4sIII", data[12 : 12 + 16 * int.from_bytes(data[4:6])])
    }


def _glyphs(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield code points and glyphs of a font's character map; glyph 0 means that it has none."""
    count = struct.unpack_from(">H", data, start + 2)[0]
    records = struct.iter_unpack(">HHI", data[start + 4 : start + 4 + 8 * count])
    # Several records often point at one subtable, hence a set.
    subtables = {start + offset for platform, encoding, offset in records if (platform, encoding) in _UNICODE}
    for at in sorted(subtables):
        form = struct.unpack_from(">H", data, at)[0]
        yield from {4: _segments, 12: _groups}.get(form, lambda *_: ())(data, at)


_UNICODE = {(0, 3), (0, 4), (3, 1), (3, 10)}
"""Platform and encoding of the maps that are keyed by Unicode."""


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Format 4: four arrays over runs of characters, the last of which may point into a list behind them.

    Its offsets count from where they themselves stand, which is what makes reading it in place awkward.
    """
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    form = f">{count}H"
    # From byte 14: endCode, two bytes of padding, startCode, idDelta, idRangeOffset (OpenType, cmap format 4).
    last, first, delta, offset = (
        struct.unpack_from(form, data, at + 14 + skip + 2 * count * k) for k, skip in enumerate((0, 2, 2, 2))
    )
    offsets = at + 16 + 6 * count
    for k in range(count):
        # The last segment is 0xFFFF to 0xFFFF by rule and maps to no glyph.
        for code in range(first[k], min(last[k], 0xFFFE) + 1):
            if not offset[k]:
                yield code, (code + delta[k]) % 0x10000
                continue
            glyph = struct.unpack_from(">H", data, offsets + 2 * k + offset[k] + 2 * (code - first[k]))[0]
            yield code, (glyph + delta[k]) % 0x10000 if glyph else 0


def _groups(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Format 12: runs of characters of any plane whose glyphs follow each other."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    for first, last, glyph in struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count]):
        yield from zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True)


@lru_cache(maxsize=8192)
def _advance(letter: str, weight: int) -> float:
    """Width of one letter in em."""
    for family, step in ((FAMILY, weight), (FALLBACK, 400 if weight < 600 else 600)):
        width = _widths(family, step).get(ord(letter))
        if width is not None:
            return width
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
    # From a guess by the mean letter on: four letters more, because the ones that are dropped may be wide.
    kept = min(len(text) - 1, int(len(text) * width / whole) + 4)
    while kept > 1 and text_width(shortened(text, kept), size, weight) > width:
        kept -= 1
    return shortened(text, kept)


def fit_texts(texts: Sequence[str], width: float, size: float, weight: int = 400) -> tuple[str, ...]:
    """Return each of ``texts`` as :func:`fit_text` does, such that different ones stay different where they can."""
    from reportgen.report.words.names import told_apart

    return told_apart(texts, lambda text: fit_text(text, width, size, weight))
