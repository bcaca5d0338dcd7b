"""Slides laid out: title, figures, a chart or table, lists beside or below it, sources in the notes.

Places follow from the size of the template's slides and from its title. Colours and fonts are the theme's, by name, so
that a deck looks like the company's other ones. Text takes the largest size at which it fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.render.slides.native import add_chart, describe, theme_color
from reportgen.render.slides.package import open_template, title_layout, written
from reportgen.report.typefaces.widths import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pptx.slide import Slide as PptxSlide

    from reportgen.report.slides.deck import Card, Deck, Slide, SlideTable, TextList

POINT = 12700
"""In EMU."""
_SPARE = 1.12
"""A line of text over its width in our face: other fonts are wider, and lines break at words."""
_LEADING = 1.25
_GAP = 12 * POINT


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a slide, EMU."""

    left: int
    top: int
    width: int
    height: int

    def columns(self, *shares: float) -> tuple[Box, ...]:
        """Parts beside each other, with a gap between them."""
        room, at, made = self.width - _GAP * 2 * (len(shares) - 1), self.left, []
        for share in shares:
            width = int(room * share / sum(shares))
            made.append(Box(at, self.top, width, self.height))
            at += width + _GAP * 2
        return tuple(made)

    def below(self, height: int) -> Box:
        """What is left under a part of this height and a gap."""
        return Box(self.left, self.top + height + _GAP, self.width, max(self.height - height - _GAP, POINT))

    def upper(self, height: int) -> Box:
        """The upper part of this height."""
        return Box(self.left, self.top, self.width, height)

    def place(self) -> tuple[int, int, int, int]:
        """As python-pptx takes it."""
        return self.left, self.top, self.width, self.height


def render_deck(deck: Deck, *, template: Path | None = None) -> bytes:
    """Content of slides.pptx.

    Raises
    ------
    EnvironmentMissing
        python-pptx is not installed.
    ConfigError
        The template cannot be used.
    """
    presentation = open_template(deck.brand, template)
    layout = title_layout(presentation)
    size = int(presentation.slide_width or 0), int(presentation.slide_height or 0)
    for number, one in enumerate(deck.slides, start=1):
        _Page(presentation.slides.add_slide(layout), deck, size).fill(one, number)
    return written(presentation, deck)


def fitting(texts: Sequence[str], width: int, height: int, largest: int, least: int = 10) -> int:
    """The largest size in points at which paragraphs fit into ``width`` times ``height`` EMU."""
    for size in range(largest, least, -1):
        if _used(texts, width, size) <= height:
            return size
    return least


def _used(texts: Sequence[str], width: int, size: int) -> float:
    """Height of paragraphs in EMU."""
    return sum(lines(text, width, size) * size * _LEADING + size * 0.4 for text in texts) * POINT


def lines(text: str, width: int, size: int) -> int:
    """About how many lines a paragraph takes."""
    return max(1, math.ceil(text_width(text, size) * _SPARE * POINT / max(width, POINT)))


@dataclass(frozen=True, slots=True)
class _Page:
    """One slide that is being filled."""

    slide: PptxSlide
    deck: Deck
    size: tuple[int, int]

    def fill(self, one: Slide, number: int) -> None:
        title = self._title(one)
        foot = int(self.size[1] * 0.94)
        top = title.top + title.height + _GAP
        area = Box(title.left, top, title.width, foot - top - _GAP)
        if one.cards:
            height = int(self.size[1] * 0.2)
            for card, box in zip(one.cards, area.upper(height).columns(*(1.0,) * len(one.cards)), strict=True):
                self._card(card, box)
            area = area.below(height)
        if one.chart is not None or one.table is not None:
            main, side = area.columns(0.66, 0.34) if one.lists else (area, area)
            if one.chart is not None:
                add_chart(self.slide.shapes, one.chart, main.place(), self.deck)
            elif one.table is not None:
                self._table(one.table, main)
            self._stacked(one.lists, side)
        elif one.lists:
            for texts, box in zip(one.lists, area.columns(*(1.0,) * len(one.lists)), strict=True):
                self._list(texts, box, 18)
        self._foot(Box(title.left, foot, title.width, int(self.size[1] * 0.045)), number)
        notes = self.slide.notes_slide.notes_text_frame
        if notes is not None:
            notes.text = "\n".join(one.notes)

    def _title(self, one: Slide) -> Box:
        """Write title and kicker; return the place of the title."""
        holder = self.slide.shapes.title
        box = Box(int(holder.left), int(holder.top), int(holder.width), int(holder.height))
        if box.top + box.height > self.size[1] * 0.4:
            # A layout whose title is the slide: a heading leaves room for what stands below it.
            box = Box(box.left, int(self.size[1] * 0.09), box.width, int(self.size[1] * 0.16))
            holder.left, holder.top, holder.width, holder.height = box.place()
        frame = holder.text_frame
        frame.word_wrap = True
        self._write(frame.paragraphs[0], one.title, fitting([one.title], box.width, box.height, 24, 14), bold=True)
        height = 18 * POINT
        kicker = self._frame(Box(box.left, max(box.top - height - 4 * POINT, 4 * POINT), box.width, height))
        self._write(kicker.paragraphs[0], one.kicker, 12, color="ACCENT_1", bold=True)
        return box

    def _card(self, card: Card, box: Box) -> None:
        from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE

        shape = self.slide.shapes.add_textbox(*box.place())
        shape.name = card.label
        shape.line.color.theme_color, shape.line.width = theme_color("ACCENT_1"), POINT
        frame = shape.text_frame
        frame.word_wrap, frame.vertical_anchor, frame.auto_size = True, MSO_ANCHOR.MIDDLE, MSO_AUTO_SIZE.NONE
        inner = box.width - 16 * POINT
        texts = ((card.label, 13, "TEXT_1", False), (card.value, 28, "ACCENT_1", True),
                 (card.unit, 12, "TEXT_1", False), (card.interval, 12, "TEXT_1", False))  # fmt: skip
        for k, (text, size, color, bold) in enumerate(one for one in texts if one[0]):
            paragraph = frame.paragraphs[0] if k == 0 else frame.add_paragraph()
            fitted = fitting([text], inner, int(size * 2.6 * POINT if not bold else size * 1.7 * POINT), size)
            self._write(paragraph, text, fitted, color=color, bold=bold)

    def _table(self, table: SlideTable, box: Box) -> None:
        columns = [int(box.width * share / sum(table.widths)) for share in table.widths]
        pad = 14 * POINT

        def heights(size: int) -> list[int]:
            grid = (table.columns, *table.rows)
            most = (max(lines(t, w - pad, size) for t, w in zip(row, columns, strict=True)) for row in grid)
            return [int((count * size * _LEADING + 8) * POINT) for count in most]

        size = next((size for size in (14, 13, 12, 11, 10) if sum(heights(size)) <= box.height), 9)
        rows = heights(size)
        frame = self.slide.shapes.add_table(len(rows), len(columns), *box.upper(sum(rows)).place())
        describe(frame, table.alt)
        made = frame.table
        for column, width in zip(made.columns, columns, strict=True):
            column.width = width
        for i, (height, row) in enumerate(zip(rows, (table.columns, *table.rows), strict=True)):
            made.rows[i].height = height
            for k, text in enumerate(row):
                cell = made.cell(i, k)
                cell.margin_top = cell.margin_bottom = 3 * POINT
                self._write(cell.text_frame.paragraphs[0], text, size, bold=i == 0 or k == 0, color="")

    def _stacked(self, lists: tuple[TextList, ...], box: Box) -> None:
        """Lists below each other, each with room by its text."""
        if not lists:
            return
        size = fitting([text for one in lists for text in (one.heading, *one.items, " ")], box.width, box.height, 15)
        for one in lists:
            height = int(_used((one.heading, *one.items), box.width, size))
            self._list(one, box.upper(height), size)
            box = box.below(height)

    def _list(self, texts: TextList, box: Box, largest: int) -> None:
        size = fitting((texts.heading, *texts.items), box.width - 12 * POINT, box.height, largest)
        frame = self._frame(box)
        self._write(frame.paragraphs[0], texts.heading, size, color="ACCENT_1", bold=True)
        for text in texts.items:
            paragraph = frame.add_paragraph()
            paragraph.space_before = int(size * 0.4 * POINT)
            self._write(paragraph, text, size)

    def _foot(self, box: Box, number: int) -> None:
        frame = self._frame(box)
        self._write(frame.paragraphs[0], f"{self.deck.foot} · {number}", 10)

    def _frame(self, box: Box) -> Any:
        frame = self.slide.shapes.add_textbox(*box.place()).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        return frame

    def _write(self, paragraph: Any, text: str, size: int, *, color: str = "TEXT_1", bold: bool = False) -> None:
        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold = size * POINT, bold
        if color:
            run.font.color.theme_color = theme_color(color)
        run.font._element.set("lang", self.deck.lang)
