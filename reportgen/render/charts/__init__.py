"""The shapes of a chart into what shows them: SVG, operators of a PDF, artists on a matplotlib axes.

One writer per output, and none reads what another wrote. What a chart shows was decided in ``report/figures``.
"""
