"""The table of the worlds: bias, coverage, wrong intervals under "Works", and what warned."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from worlds.world import NOTHING, World

HEAD = """\
# Is the report right in markets as they are?

Simulated markets, each row a world that departs from the model in one way; 60 pharmacies and 36 months unless it says
otherwise, truth by counterfactual recursion with the same shocks, default settings, the whole analysis:
`python tests/benchmarks/reality.py`.

*Bias*: median error in percent of the truth. *Held*: percent of the printed 95 % intervals that hold the truth (in
brackets the percent of markets that print one, where some do not). *Missed under "Works"*: percent of all markets that
print "Works" and an interval of kept up or of the total that misses the truth (with two 95 % intervals a right method
has 5 to 10). *Far off*: the same where the truth lies beyond one and a half times the interval (a right method: 0.3 to
0.6). *Warned*: checks to look at or failed, with the percent of markets.

Every market is analysed alone. The rows of saturating worlds are those of a straight response (`shape = "linear"`);
what markets find together is in [curves.md](curves.md), named territories are in [territories.md](territories.md)."""
COLUMNS = (
    "World", "Markets", "First month: bias", "held", "Kept up: bias", "held", "Incremental: bias", "held", '"Works"',
    'Missed under "Works"', "Far off", "Warned",
)  # fmt: skip
NOTHING_COLUMNS = ("World", "Markets", '"Works"', "Negative", "Unclear", "No effect", "Incremental: held", "Warned")
FAR = 1.5
WARNED_FROM = 0.10


def table(found: list[tuple[World, pd.DataFrame]]) -> str:
    """The whole page."""
    nothing = {world.name for world in NOTHING}
    effects = [(world, rows) for world, rows in found if world.name not in nothing]
    none = [(world, rows) for world, rows in found if world.name in nothing]
    lines = [HEAD, "", _errors([len(rows) for _, rows in found]), ""]
    lines += _markdown(COLUMNS, [effect_cells(world, rows) for world, rows in effects])
    lines += ["", "## No effect at all", ""]
    lines += _markdown(NOTHING_COLUMNS, [nothing_cells(world, rows) for world, rows in none])
    return "\n".join(lines) + "\n"


def _errors(counts: list[int]) -> str:
    if not counts:
        return "No rows."
    least, most = min(counts), max(counts)
    told = " and ".join(
        f"±{196 * (share * (1 - share) / count) ** 0.5:.1f} points at {100 * share:.0f} %"
        for count in sorted({least, most})
        for share in (0.95, 0.5)
    )
    return f"Markets a row: {least} to {most}. Simulation error (95 %): {told}."


def effect_cells(world: World, rows: pd.DataFrame) -> list[str]:
    """One world in which promotion works."""
    cells = [world.name, str(len(rows))]
    for name in ("first", "kept", "incremental"):
        cells += [_bias(rows, name), _held(rows, name)]
    works = rows["verdict"].str.startswith("works")
    return [
        *cells,
        _percent(works),
        _percent(works & missed(rows, 1.0)),
        _percent(works & missed(rows, FAR)),
        _warned(rows["warned"]),
    ]


def nothing_cells(world: World, rows: pd.DataFrame) -> list[str]:
    """One world in which promotion does nothing."""
    verdict = rows["verdict"]
    return [
        world.name.removeprefix("no effect: "),
        str(len(rows)),
        _percent(verdict.str.startswith("works")),
        *(_percent(verdict == code) for code in ("negative", "unclear", "no-effect")),
        _held(rows, "incremental"),
        _warned(rows["warned"]),
    ]


def missed(rows: pd.DataFrame, times: float) -> pd.Series:
    """Whether a printed interval of kept up or of the total, ``times`` as long, misses the truth."""
    found = pd.Series(data=False, index=rows.index)
    for name in ("kept", "incremental"):
        estimate, truth = rows[f"{name}:estimate"], rows[f"{name}:truth"]
        below = estimate - times * (estimate - rows[f"{name}:lower"])
        above = estimate + times * (rows[f"{name}:upper"] - estimate)
        found |= (truth < below) | (truth > above)
    return found


def _bias(rows: pd.DataFrame, name: str) -> str:
    error = (rows[f"{name}:estimate"] / rows[f"{name}:truth"] - 1.0).dropna()
    return "–" if error.empty else f"{100 * error.median():+.0f} %"


def _held(rows: pd.DataFrame, name: str) -> str:
    lower, upper, truth = (rows[f"{name}:{part}"] for part in ("lower", "upper", "truth"))
    printed = lower.notna() & upper.notna()
    if not printed.any():
        return "withheld"
    inside = ((lower <= truth) & (truth <= upper))[printed]
    return f"{100 * inside.mean():.0f}" + ("" if printed.all() else f" ({100 * printed.mean():.0f})")


def _percent(flags: pd.Series) -> str:
    share = 100 * float(np.mean(flags))
    return f"{share:.0f}" if share in {0.0, 100.0} or share >= 9.95 else f"{share:.1f}"


def _warned(warned: pd.Series) -> str:
    counts = Counter(check for line in warned for check in line.split())
    often = [
        (check, count / len(warned)) for check, count in counts.most_common() if count >= WARNED_FROM * len(warned)
    ]
    return ", ".join(f"{check} {100 * share:.0f}" for check, share in often) or "–"


def _markdown(columns: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    ruler = "|---|" + "---:|" * (len(columns) - 2) + "---|"
    return ["| " + " | ".join(columns) + " |", ruler, *("| " + " | ".join(row) + " |" for row in rows)]
