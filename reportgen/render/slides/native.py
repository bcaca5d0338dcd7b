"""Charts that the reader of a presentation can edit: drawn by the program from a workbook inside the file.

The workbook holds value, limits and, as formulas, how far the limits lie from the value, which is what error bars ask
for.
"""

from __future__ import annotations

import io
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reportgen.render.workbook import OPTIONS, number_codes
from reportgen.report.figures.drawing.marks import nice_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.chart.chart import Chart as PptxChart
    from pptx.shapes.shapetree import SlideShapes

    from reportgen.report.slides.deck import Deck, NativeChart, Series, Value

_SMALL = 139700
"""11 points in EMU."""
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MOST_LABELS = 8
_LINES = {
    "main": (28575, "TEXT_1", ""),
    "muted": (22225, "ACCENT_1", "DASH"),
    "limit": (9525, "ACCENT_1", "SQUARE_DOT"),
    "coming": (28575, "ACCENT_1", ""),
    "planned": (28575, "ACCENT_2", ""),
}
"""Width in EMU, colour of the theme and dash of a line."""


def add_chart(shapes: SlideShapes, chart: NativeChart, box: tuple[int, int, int, int], deck: Deck) -> None:
    """Put ``chart`` into ``box``: left, top, width and height in EMU."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    code = _code(chart, deck)
    data = CategoryChartData(number_format=code)
    data.categories = chart.categories
    for one in chart.series:
        data.add_series(one.name, one.values)
    kind = XL_CHART_TYPE.BAR_CLUSTERED if chart.kind == "bars" else XL_CHART_TYPE.LINE
    frame = shapes.add_chart(kind, *box, data)
    frame.name = chart.title
    describe(frame, chart.alt)
    made = frame.chart
    made.part.chart_workbook.update_from_xlsx_blob(_workbook(chart, code, deck.date_iso))
    made.font.size = _SMALL
    made.has_title = True
    title = made.chart_title.text_frame
    title.text = chart.title
    title.paragraphs[0].runs[0].font.size = _SMALL
    title.paragraphs[0].runs[0].font.bold = True
    made.has_legend = len(chart.series) > 1
    if made.has_legend:
        from pptx.enum.chart import XL_LEGEND_POSITION

        made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    axis = made.value_axis
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = code, False
    axis.major_gridlines.format.line.color.theme_color = theme_color("BACKGROUND_1")
    axis.major_gridlines.format.line.color.brightness = -0.15
    axis.format.line.fill.background()
    if chart.kind == "bars":
        _bars(made, chart)
    else:
        _lines(made, chart)


def _code(chart: NativeChart, deck: Deck) -> str:
    """Number format of a chart's axis and cells."""
    if chart.unit == "points":
        return '0.0"%"'
    known = _known(chart)
    # Lakh and crore are conditions of a format, which leave none for a minus sign.
    indian = deck.indian_grouping and min(known, default=0.0) >= 0
    code = number_codes(deck.symbol, indian_grouping=indian)[chart.unit]
    small = chart.unit == "money" and max(map(abs, known), default=0.0) < 10
    return code.replace("##0", "##0.00") if small else code


def _known(chart: NativeChart) -> list[float]:
    """Every number that is drawn."""
    drawn = (values for one in chart.series for values in (one.values, one.lower, one.upper))
    return [value for values in drawn for value in values if value is not None]


def describe(shape: Any, text: str) -> None:
    """Give a shape the text that is read where it cannot be seen."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", text)


def theme_color(name: str) -> Any:
    """A colour of the theme by its name in python-pptx."""
    from pptx.enum.dml import MSO_THEME_COLOR

    return MSO_THEME_COLOR[name]


def _bars(made: PptxChart, chart: NativeChart) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION

    # The first name on top; its axis of values stays at the bottom, and names left of all bars.
    made.category_axis.reverse_order = True
    made.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    made.category_axis.format.line.color.theme_color = theme_color("TEXT_1")
    # Left to itself the axis ends at the longest bar, and cuts the intervals beyond it.
    low, high = min(0.0, *_known(chart)), max(0.0, *_known(chart))
    ticks = nice_ticks(low, high, 6)
    if len(ticks) > 1:
        step = ticks[1] - ticks[0]
        made.value_axis.minimum_scale, made.value_axis.maximum_scale = (
            math.floor(low / step) * step, math.ceil(high / step) * step,
        )  # fmt: skip
        made.value_axis.major_unit = step
    for crosses in made.category_axis._element.getparent().iter(f"{_C}valAx"):
        crosses.find(f"{_C}crosses").set("val", "max")
    made.plots[0].gap_width = 45
    for drawn, one in zip(made.plots[0].series, chart.series, strict=True):
        drawn.invert_if_negative = False
        if chart.hollow:
            drawn.format.fill.background()
        else:
            _grey(drawn.format.fill)
            for k, tone in enumerate(one.tones):
                if tone:
                    fill = drawn.points[k].format.fill
                    fill.solid()
                    fill.fore_color.theme_color = theme_color("ACCENT_1" if tone == "above" else "ACCENT_2")
        if one.lower:
            _error_bars(drawn, one)


def _grey(fill: Any) -> None:
    fill.solid()
    fill.fore_color.theme_color = theme_color("BACKGROUND_1")
    fill.fore_color.brightness = -0.25


def _lines(made: PptxChart, chart: NativeChart) -> None:
    from lxml import etree
    from pptx.enum.dml import MSO_LINE

    if min(_known(chart), default=0.0) >= 0:
        made.value_axis.minimum_scale = 0
    made.category_axis.format.line.color.theme_color = theme_color("TEXT_1")
    axis = made.category_axis._element
    skip = etree.Element(f"{_C}tickLblSkip", val=str(-(-len(chart.categories) // _MOST_LABELS)))
    axis.find(f"{_C}noMultiLvlLbl").addprevious(skip)
    for drawn, one in zip(made.plots[0].series, chart.series, strict=True):
        drawn.smooth = False
        line = drawn.format.line
        width, color, dash = _LINES[one.look]
        line.width, line.color.theme_color = width, theme_color(color)
        if dash:
            line.dash_style = getattr(MSO_LINE, dash)


def _error_bars(drawn: Any, one: Series) -> None:
    """Intervals of a series of bars, from the columns of the workbook behind the values."""
    from lxml import etree

    n = len(one.values)
    plus = [_apart(high, value) for high, value in zip(one.upper, one.values, strict=True)]
    minus = [_apart(value, low) for low, value in zip(one.lower, one.values, strict=True)]
    bars = etree.Element(f"{_C}errBars")
    for tag, value in (("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, f"{_C}{tag}", val=value)
    for tag, column, values in (("plus", "F", plus), ("minus", "E", minus)):
        reference = etree.SubElement(etree.SubElement(bars, f"{_C}{tag}"), f"{_C}numRef")
        etree.SubElement(reference, f"{_C}f").text = f"Sheet1!${column}$2:${column}${n + 1}"
        cache = etree.SubElement(reference, f"{_C}numCache")
        etree.SubElement(cache, f"{_C}formatCode").text = "General"
        etree.SubElement(cache, f"{_C}ptCount", val=str(n))
        for k, number in enumerate(values):
            if number is not None:
                point = etree.SubElement(cache, f"{_C}pt", idx=str(k))
                etree.SubElement(point, f"{_C}v").text = repr(number)
    drawing = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    line = etree.SubElement(etree.SubElement(bars, f"{_C}spPr"), f"{drawing}ln", w="15875")
    etree.SubElement(etree.SubElement(line, f"{drawing}solidFill"), f"{drawing}schemeClr", val="tx1")
    drawn._element.find(f"{_C}cat").addprevious(bars)


def _apart(high: Value, low: Value) -> Value:
    return None if high is None or low is None else high - low


def _workbook(chart: NativeChart, code: str, date: str) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"created": datetime.fromisoformat(date or "2000-01-01")})
    page, number = book.add_worksheet("Sheet1"), book.add_format({"num_format": code})
    page.set_column(0, 0, 30)
    for row, name in enumerate(chart.categories, start=1):
        page.write_string(row, 0, name)
    for column, one in enumerate(chart.series, start=1):
        page.write_string(0, column, one.name)
        _column(page, column, one.values, number)
    first = chart.series[0]
    if first.lower:
        for column, (name, values) in enumerate((("lower", first.lower), ("upper", first.upper)), start=2):
            page.write_string(0, column, name)
            _column(page, column, values, number)
        for column, (name, formula, high, low) in enumerate(
            (("minus", "=B{0}-C{0}", first.values, first.lower), ("plus", "=D{0}-B{0}", first.upper, first.values)),
            start=4,
        ):
            page.write_string(0, column, name)
            for row, (top, bottom) in enumerate(zip(high, low, strict=True), start=1):
                distance = _apart(top, bottom)
                if distance is not None:
                    page.write_formula(row, column, formula.format(row + 1), number, distance)
    book.close()
    return buffer.getvalue()


def _column(page: Any, column: int, values: Sequence[Value], number: Any) -> None:
    for row, value in enumerate(values, start=1):
        if value is not None:
            page.write_number(row, column, value, number)
