"""Sections that installed packages add to a report (entry points ``reportgen.sections``), before the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.errors import RenderError
from reportgen.plugins import of_group
from reportgen.report.blocks import MarketReport, Section

if TYPE_CHECKING:
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings


def with_added_sections(report: MarketReport, results: MarketResults, settings: Settings) -> MarketReport:
    """The report with every section that a package adds to it; numbers and anchors follow.

    Raises
    ------
    RenderError
        If a package gives something else than a section, or an anchor that is taken.
    """
    added: list[Section] = []
    taken = {section.anchor for section in report.sections}
    for plugin in of_group("reportgen.sections"):
        made = plugin.call(results, settings)
        if made is None:
            continue
        if not isinstance(made, Section) or made.anchor in taken:
            raise RenderError(
                f"{plugin.group} {plugin.name} of {plugin.package}: give a reportgen.report.blocks.Section with an "
                "anchor that no other section has, or None.",
                code="bad-plugin",
            )
        taken.add(made.anchor)
        added.append(made)
    if not added:
        return report
    # The method stays last: readers look for it there.
    placed = (*report.sections[:-1], *added, *report.sections[-1:])
    first = int(report.sections[0].number) if report.sections and report.sections[0].number else 2
    return replace(report, sections=tuple(replace(one, number=str(i)) for i, one in enumerate(placed, start=first)))
