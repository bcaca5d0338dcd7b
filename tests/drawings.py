"""Charts made of given shapes, and what a reader finds in a chart."""

from __future__ import annotations

from typing import Any

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.shapes import Label, Shape


def chart_of(*shapes: Shape, **more: Any) -> Chart:
    """A chart of 100 × 100 pixels that shows ``shapes``."""
    words = {"name": "chart", "title": "Title.", "subtitle": "", "foot": "", "alt": "Chart", "tips": ()}
    table = ChartTable(columns=(), rows=())
    return Chart(**{**words, "width": 100.0, "height": 100.0, "table": table, "shapes": shapes, **more})


def labels(chart: Chart) -> list[str]:
    """Every text on a chart."""
    return [shape.text for shape in chart.shapes if isinstance(shape, Label)]
