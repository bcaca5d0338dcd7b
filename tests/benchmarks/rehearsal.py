"""Do the rates that a rehearsal states agree with those of the whole analysis in worlds of the same kind?

``python tests/benchmarks/rehearsal.py [--markets 40]`` writes results/rehearsal.md: plain simulated markets are
rehearsed with 100 panels each; beside the rates of every kind of panel stand those that ``reality.py`` measured with
the whole analysis in the world that comes nearest, from its rows (build/reality) or its table.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import warnings
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

from reportgen.model.effects.impact import measure_impact
from reportgen.model.market.fit import fit_market
from reportgen.model.market.refusals import usable_frame
from reportgen.model.rehearsal.run import rehearse
from reportgen.results import RehearsalRow
from reportgen.results.derived.rehearsal import together
from worlds.draw import draw
from worlds.study import seen_panel, settings_of
from worlds.world import WORLDS

HERE = Path(__file__).resolve().parent
PANELS = 100
NEAREST = {
    "as-fitted": "plain, 36 months",
    "growth": "growth 10% a year, promotion flat",
    "season": "season 15%, promotion follows, 36 months",
    "saturation": "saturating response, A/(A+c)",
    "drift": "effect grows",
    "slips": "0.3% of sales ten times too large",
    "late-booking": "visits booked a month late (30%)",
}
HEAD = """\
# Rehearsal: do its stated rates agree with the whole analysis?

{markets} plain simulated markets of 60 pharmacies and 36 months, {panels} panels each (`reportgen rehearse`), against
the worlds of [reality.md](reality.md) that come nearest, through the whole analysis:
`python tests/benchmarks/rehearsal.py`. *Held*: percent of panels (markets) whose interval holds the truth, of those
that print one; *withheld*: percent in which a check withholds the number, here one of the four that a rehearsal asks,
there any. ± is the simulation error (95 %) of the difference. CPU: {seconds:.2f} seconds a market at {panels} panels
(median; busy machine).
"""
COLUMNS = (
    "Panels; world", "Panels, markets", "Kept up: held", "whole analysis", "withheld", "whole analysis",
    "Total: held", "whole analysis", "withheld", "whole analysis",
)  # fmt: skip


def main() -> int:
    """Rehearse, compare, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=40)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    world = next(one for one in WORLDS if one.name == NEAREST["as-fitted"])
    settings = settings_of(world)
    settings = settings.model_copy(update={"model": settings.model.model_copy(update={"rehearsal": PANELS})})
    found, seconds = [], []
    for seed in range(chosen.markets):
        frame, _ = usable_frame(seen_panel(world, draw(world, seed), seed), settings)
        market = fit_market(frame, settings)
        impact = measure_impact(market, settings)
        before = time.process_time()
        made = rehearse(market, impact, settings)
        seconds.append(time.process_time() - before)
        if made is not None and made.rows:
            found.append(made)
        print(seed, file=sys.stderr, flush=True)
    table = _reality()
    lines = [
        HEAD.format(markets=len(found), panels=PANELS, seconds=sorted(seconds)[len(seconds) // 2]),
        f"| {' | '.join(COLUMNS)} |",
        "|---" + "|---:" * 9 + "|",
    ]
    for row in together(found):
        other = table[NEAREST[row.kind]]
        own = [next(one for one in made.rows if one.kind == row.kind) for made in found]
        kept, total = (_cells(row, own, name, other[name], other["markets"]) for name in ("kept", "total"))
        lines.append(f"| {row.kind}; {NEAREST[row.kind]} | {row.panels}, {other['markets']} | {kept} | {total} |")
    text = "\n".join(lines) + "\n"
    (HERE / "results" / "rehearsal.md").write_text(text)
    print(text)
    return 0


def _counts(row: RehearsalRow, name: str) -> tuple[int, int, int]:
    """Panels, those that print the number, and those that print one that holds the truth."""
    held, noticed, withheld = (getattr(row, f"{name}_{part}") for part in ("held", "noticed", "withheld"))
    # Withheld panels whose interval would have held the truth: all of the withheld but the noticed ones.
    return row.panels, row.panels - withheld, held - (withheld - noticed)


def _cells(
    row: RehearsalRow, own: list[RehearsalRow], name: str, other: tuple[float | None, float], markets: int
) -> str:
    """Held of printed and withheld, here and there, with the simulation error of the differences."""
    panels, printed, right = _counts(row, name)
    counts = np.array([_counts(one, name) for one in own], dtype=float)
    cells = []
    for part, whole, theirs, size in (
        (right, printed, other[0], markets * (1.0 - other[1])),
        (panels - printed, panels, other[1], markets),
    ):
        if not whole:
            cells += ["–", _percent(theirs)]
            continue
        mine = part / whole
        # Panels of one market are alike: the error is that of a ratio over markets.
        number, base = (counts[:, 2], counts[:, 1]) if part is right else (counts[:, 0] - counts[:, 1], counts[:, 0])
        spread = float(np.sum((number - mine * base) ** 2)) / whole**2
        theirs_spread = 0.0 if theirs is None else max(theirs * (1.0 - theirs), 0.01) / max(size, 1.0)
        error = "" if theirs is None else f" ± {196 * (spread + theirs_spread) ** 0.5:.0f}"
        cells += [_percent(mine), f"{_percent(theirs)}{error}"]
    return " | ".join(cells)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"


def _reality() -> dict[str, dict[str, object]]:
    """Held and withheld shares of kept up and total by world, from the table of ``reality.py``."""
    found: dict[str, dict[str, object]] = {}
    for line in (HERE / "results" / "reality.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 12 and cells[1].isdigit() and cells[0] not in found:
            found[cells[0]] = {"markets": int(cells[1]), "kept": _shares(cells[5]), "total": _shares(cells[7])}
    return found


def _shares(cell: str) -> tuple[float | None, float]:
    """Share of the printed that hold, and share withheld, of a cell such as ``96 (92)``."""
    if cell == "withheld":
        return None, 1.0
    numbers = [float(one) / 100 for one in re.findall(r"[\d.]+", cell)]
    return numbers[0], 1.0 - numbers[1] if len(numbers) > 1 else 0.0


if __name__ == "__main__":
    sys.exit(main())
