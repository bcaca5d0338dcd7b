"""A report with its sections and blocks in the order of the project's outline (``settings/outline.py``).

Blocks are named by their address in a page: ``fig-…``, ``tab-…``, a heading's own; paragraphs and lists are ``text``,
boxes ``callout-…``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Callout, Chart, Definitions, Heading, Prose, Section, Table
from reportgen.report.figures import kind_of
from reportgen.settings.outline import REST, Own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reportgen.report.blocks import Block, MarketReport
    from reportgen.settings.outline import Entry


def block_name(block: Block) -> str:
    """Name of a block in its section; blocks of one kind that differ by number or channel share it."""
    if isinstance(block, Chart):
        return f"fig-{kind_of(block.name)}".replace("_", "-")
    if isinstance(block, Table):
        return "tab-" + re.sub(r"-\d+$", "", block.name)
    if isinstance(block, Heading):
        return block.anchor
    if isinstance(block, Callout):
        return f"callout-{block.tone}"
    if isinstance(block, Definitions):
        return block.style
    return block.kind if block.kind in ("equation", "code") else "text"


def arranged(report: MarketReport, outline: Sequence[Entry] | None) -> MarketReport:
    """Return the report as the outline has it, numbered anew; as it is without one."""
    if outline is None:
        return report
    made = [section for entry in outline for section in _sections(report, entry, {one.name for one in outline})]
    numbered = [replace(section, number=str(i)) for i, section in enumerate(made, start=2)]
    return replace(report, sections=tuple(numbered))


def _sections(report: MarketReport, entry: Entry, named: set[str]) -> Iterator[Section]:
    if entry.name == REST:
        yield from (section for section in report.sections if section.anchor not in named)
        return
    found = next((section for section in report.sections if section.anchor == entry.name), None)
    if found is None and entry.title:
        found = Section(anchor=entry.name, number="", title="", lead="", blocks=())
    # A market without an estimate has other sections: those it lacks are passed over.
    if found is None:
        return
    blocks = found.blocks if entry.blocks is None else tuple(_blocks(report, found.blocks, entry.blocks))
    yield replace(found, title=entry.title or found.title, blocks=blocks)


def _blocks(report: MarketReport, there: Sequence[Block], wanted: Sequence[str | Own]) -> Iterator[Block]:
    values = {"market": report.market, "period": report.period, "date": report.date}
    for one in wanted:
        if isinstance(one, Own):
            yield Prose(text=re.sub(r"\{(\w+)\}", lambda found: values[found[1]], one.text))
        elif one == REST:
            yield from (block for block in there if block_name(block) not in wanted)
        else:
            yield from (block for block in there if block_name(block) == one)
