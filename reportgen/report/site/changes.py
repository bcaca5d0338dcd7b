"""What changed since the run before: codes and numbers in, one table of the overview out.

Which markets changed is found in ``batch/state/headlines.py``, which knows both runs; here it gets its words. An effect
counts as moved when it moved by more than its standard error: less is what new data do to any estimate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reportgen.report.blocks import Cell, Column, Prose, Row, Section, Table
from reportgen.report.narrative import verdict as verdicts
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import Phrases, mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reportgen.results import VerdictCode

Kind = Literal["verdict", "failed", "stale", "recovered", "up", "down", "new", "gone"]
KINDS: tuple[Kind, ...] = ("verdict", "failed", "stale", "recovered", "up", "down", "new", "gone")
"""In the order of the table."""
MOST = 200
"""Rows of the table; the list of markets filters by *changed* beyond that."""

WORDS: dict[Kind, str] = {
    "verdict": mark("Verdict changed"),
    "failed": mark("Failed"),
    "stale": mark("Older report kept"),
    "recovered": mark("Builds again"),
    "up": mark("Effect is higher"),
    "down": mark("Effect is lower"),
    "new": mark("New"),
    "gone": mark("No longer in the data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChange:
    """One market that differs from the run before. Effects in the units of the results; ``None`` where unknown."""

    market: str
    kind: Kind
    verdict_before: VerdictCode | None = None
    verdict: VerdictCode | None = None
    before: float | None = None
    now: float | None = None
    se: float | None = None
    """Standard error of ``now``."""
    date: str = ""
    """Of the older report that is kept, ISO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All changes since the run of ``since`` (ISO date)."""

    since: str
    entries: tuple[MarketChange, ...]
    comparable: bool = True
    """False where the settings of the model changed too, so that effects were not compared."""


class ChangeWriter(Phrases):
    """Words and numbers of the overview's language."""

    __slots__ = ()

    def section(self, changes: Changes | None, links: Mapping[str, str], unit: str) -> Section:
        """Section of the overview; without blocks where nothing changed or nothing is known.

        Parameters
        ----------
        links
            Address of each market's report.
        unit
            What an effect is counted in, e.g. ``per visit``.
        """
        title = self.say("What changed since the last run")
        if changes is None or not changes.entries:
            return Section(anchor="changes", number="", title=title, lead="", blocks=())
        order = {kind: place for place, kind in enumerate(KINDS)}
        # By kind, within a kind by how far the effect moved in its own SE.
        rows = sorted(changes.entries, key=lambda c: (order[c.kind], -_moved(c), c.market))
        note = ""
        if len(rows) > MOST:
            note = self.say("{count} more are in the list of markets; choose “changed” there.",
                            count=self.formats.integer(len(rows) - MOST))  # fmt: skip
        table = Table(
            name="changes",
            caption=self.say("Changes by market"),
            columns=(
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("Change"), numeric=False),
                Column(label=self.say("Before"), unit=unit, numeric=False),
                Column(label=self.say("Now"), unit=unit, numeric=False),
            ),
            rows=tuple(self._row(change, links.get(change.market, "")) for change in rows[:MOST]),
            note=note,
        )
        caution = () if changes.comparable else (Prose(
            text=self.say("The settings of the model changed as well, so effects are not compared."), style="note",
        ),)  # fmt: skip
        return Section(anchor="changes", number="", title=title, lead=self._lead(changes), blocks=(*caution, table))

    def _lead(self, changes: Changes) -> str:
        counts = Counter(entry.kind for entry in changes.entries)
        found = [kind for kind in KINDS if counts[kind]]
        listed = " · ".join(f"{self.say(WORDS[kind])} {self.formats.integer(counts[kind])}" for kind in found)
        moved = self.say("Effects are listed where they moved by more than their standard error.")
        since = self.say("Against the run of {date}: {list}.", date=self.formats.date(changes.since), list=listed)
        return f"{since} {moved}" if counts["up"] or counts["down"] else since

    def _row(self, change: MarketChange, link: str) -> Row:
        word = self.say(WORDS[change.kind])
        if change.date:
            word = f"{word}, {self.formats.date(change.date)}"
        return Row(
            cells=(
                Cell(text=clean(change.market), link=link),
                Cell(text=word),
                self._state(change.verdict_before, change.before, change.se),
                self._state(change.verdict, change.now, change.se),
            )
        )

    def _state(self, verdict: VerdictCode | None, effect: float | None, se: float | None) -> Cell:
        if verdict is None:
            return Cell(text="–")
        word = self.say(verdicts.WORDS[verdict][0])
        text = word if effect is None else f"{word} · {self.formats.effect(effect, se)}"
        return Cell(text=text, mark=verdict)


def _moved(change: MarketChange) -> float:
    if change.before is None or change.now is None or not change.se:
        return 0.0
    return abs(change.now - change.before) / change.se
