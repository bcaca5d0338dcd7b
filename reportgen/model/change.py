"""Why an answer changed: an earlier run's results against the present ones, split into causes that add up.

What differs is read from the results alone: they keep a fingerprint of every period, all settings and the versions.
Where one thing differs, all of the change is its. Where several do, the market is fitted again in between, each time
with one more of them as it is now:

    earlier results -> program -> revised months -> months that joined or left -> settings -> present results,

so that the parts telescope to the change. The earlier table is not at hand: the present one cut to the earlier months
stands for it, which is the same table where no month was revised. What cannot be told apart without it (program and
revision at once; months that left beside either; settings of how the table is read beside other causes) is one part
with all its causes.

Noise: a change of the effect kept up is within it where it is no larger than what new months of the same kind do.
Estimates of n_0 and n_1 periods, m of them in common, correlate about by m / sqrt(n_0 n_1), as means do; for nested
records that is Hausman's (1978, Econometrica 46) difference of the variances. With the same months in both runs chance
has no part in the change, and the standard error says whether it matters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from reportgen.model.agreed.choices import choose_alone, chosen
from reportgen.model.effects.impact import measure_impact
from reportgen.model.fitted import AgreedDecay, fitted_market
from reportgen.model.market.bend import Shapes
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.model.prospects import BREAKDOWNS, UNFITTABLE
from reportgen.panel.grid import MarketPanel
from reportgen.panel.periods import period_index
from reportgen.results import Change, ChangePart, ListChange, MarketResults, Moved, SettingChoice
from reportgen.results.ahead.change import Cause, ListName
from reportgen.results.derived.intervals import interval_se, normal_quantile
from reportgen.results.derived.standing import standings
from reportgen.settings.sections import Settings

NOT_READ = frozenset({"panel.cost", "panel.margin"})
"""Settings of the panel that change no effect and no sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Effect kept up of the first channel, and incremental sales; None where not given."""

    effect: float | None
    incremental: float | None

    def less(self, other: Numbers) -> tuple[float | None, float | None]:
        """What was added to ``other``."""
        return _less(self.effect, other.effect), _less(self.incremental, other.incremental)


Refit = Callable[[bool], Numbers | None]
"""The present table under the earlier settings, cut to the earlier periods or whole; None where that cannot be had."""


def compare(old: MarketResults, new: MarketResults, refit: Refit | None = None) -> Change:
    """What changed from ``old`` to ``new``; without ``refit`` several causes stay one part."""
    found = causes(old, new)
    parts = _parts(old, new, found, refit)
    joined, left, revised = periods_between(old, new)
    before, now = numbers(old), numbers(new)
    effect, rule = _moved(old, new)
    return Change(
        since=old.provenance.as_of,
        last_period=old.data.period[1],
        effect=effect,
        incremental=Moved(
            before=before.incremental, now=now.incremental, change=_less(now.incremental, before.incremental)
        ),
        verdict_before=old.verdict.code,
        verdict=new.verdict.code,
        rule=rule,
        parts=parts,
        main=max(parts, key=_size).causes,
        new_periods=joined,
        dropped_periods=left,
        revised_periods=revised,
        settings=_differing(dict(old.provenance.settings), dict(new.provenance.settings)),
        versions=_differing(dict(old.provenance.versions), dict(new.provenance.versions)),
        lists=_lists(old, new),
    )


def is_news(change: Change) -> bool:
    """Whether anything differs at all: a market built again from the same things has nothing to tell."""
    moved = change.effect.change or change.incremental.change or change.verdict != change.verdict_before
    return change.main != ("remaining",) or bool(moved)


def numbers(results: MarketResults) -> Numbers:
    """The two numbers whose change is split."""
    total = results.incremental
    return Numbers(
        effect=results.effects[0].kept_up.estimate if results.effects else None,
        incremental=None if total is None else total.total,
    )


def causes(old: MarketResults, new: MarketResults) -> tuple[Cause, ...]:
    """What differs between two runs, in the order of the split."""
    made, making = old.provenance, new.provenance
    joined, left, revised = periods_between(old, new)
    read_otherwise = _read_otherwise(_exact(old), _exact(new))
    set_otherwise = bool(_differing(dict(made.settings), dict(making.settings)))
    tests: tuple[tuple[Cause, bool], ...] = (
        ("version", (made.code, made.versions) != (making.code, making.versions)),
        # Fingerprints of a table that was read by other settings differ for that alone.
        ("revised", bool(revised) and not read_otherwise),
        ("periods", bool(joined or left)),
        ("settings", made.settings_hash != making.settings_hash and (set_otherwise or not made.settings)),
    )
    return tuple(cause for cause, differs in tests if differs)


def periods_between(old: MarketResults, new: MarketResults) -> tuple[int, int, int]:
    """Periods that joined, that left, and that both have with other content."""
    before, now = _fingerprints(old), _fingerprints(new)
    both = before.keys() & now.keys()
    return len(now) - len(both), len(before) - len(both), sum(before[one] not in ("", now[one]) for one in both)


def _fingerprints(results: MarketResults) -> dict[str, str]:
    monthly = results.charts.monthly
    labels = monthly.periods if monthly is not None else ()
    prints = results.data.fingerprints or ("",) * len(labels)
    return dict(zip(labels, prints, strict=True)) if len(labels) == len(prints) else {}


def _exact(results: MarketResults) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(results.provenance.settings_exact or "{}")
    return found


def _read_otherwise(before: dict[str, Any], now: dict[str, Any]) -> bool:
    keys = {key for key in before.keys() | now.keys() if key.startswith("panel.")} - NOT_READ
    return any(before.get(key) != now.get(key) for key in keys)


def _parts(
    old: MarketResults, new: MarketResults, found: tuple[Cause, ...], refit: Refit | None
) -> tuple[ChangePart, ...]:
    """Causes one after the other; those between which no state could be had together."""
    at, last = numbers(old), numbers(new)
    groups: list[tuple[tuple[Cause, ...], bool | None]] = []
    first: tuple[Cause, ...] = tuple(cause for cause in found if cause in ("version", "revised"))
    _, left, _ = periods_between(old, new)
    if first:
        # Cut to the earlier months the present table stands for the earlier one, unless some of them are gone.
        groups.append((first, True if not left else None))
    if "periods" in found:
        groups.append((("periods",), False))
    if "settings" in found:
        groups.append((("settings",), False))
    parts: list[ChangePart] = []
    waiting: tuple[Cause, ...] = ()
    for place, (names, cut) in enumerate(groups):
        waiting = (*waiting, *names)
        ending = place == len(groups) - 1
        state = last if ending else (None if refit is None or cut is None else refit(cut))
        if state is None or (not ending and None in (state.effect, state.incremental)):
            continue
        effect, incremental = state.less(at)
        parts.append(ChangePart(causes=waiting, effect=effect, incremental=incremental))
        at, waiting = state, ()
    if not parts:
        effect, incremental = last.less(at)
        parts = [ChangePart(causes=("remaining",), effect=effect, incremental=incremental)]
    whole = last.less(numbers(old))
    if whole == (None, None):
        # A number that a check took away in one of the runs has no parts; what differs is still named.
        return (ChangePart(causes=found or ("remaining",), effect=None, incremental=None),)
    return tuple(
        replace(
            part,
            effect=None if whole[0] is None else part.effect,
            incremental=None if whole[1] is None else part.incremental,
        )
        for part in parts
    )


def _size(part: ChangePart) -> tuple[float, float]:
    return abs(part.effect or 0.0), abs(part.incremental or 0.0)


def _less(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _moved(old: MarketResults, new: MarketResults) -> tuple[Moved, Any]:
    """The effect kept up in both, and whether it moved by more than noise."""
    before, now = numbers(old).effect, numbers(new).effect
    change = _less(now, before)
    spreads = [_spread(old), _spread(new)]
    joined, left, _ = periods_between(old, new)
    rule = "new-data" if joined or left else "one-se"
    if change is None or None in spreads:
        return Moved(before=before, now=now, change=change), rule
    one, two = (float(value or 0.0) for value in spreads)
    limit = two
    if rule == "new-data":
        sizes = [len(_fingerprints(old)), len(_fingerprints(new))]
        shared = (sizes[1] - joined) / sqrt(sizes[0] * sizes[1])
        variance = max(one**2 + two**2 - 2.0 * shared * one * two, 0.0)
        limit = normal_quantile(_level(new)) * sqrt(variance)
    return Moved(before=before, now=now, change=change, limit=limit, within=abs(change) <= limit), rule


def _spread(results: MarketResults) -> float | None:
    size = results.effects[0].kept_up if results.effects else None
    return None if size is None else interval_se(size.lower, size.upper, _level(results))


def _level(results: MarketResults) -> float:
    return results.model.confidence if results.model is not None else 0.95


def _differing(before: dict[str, str], now: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    # What only one of them has came with another version of the program, and nobody set it.
    return tuple((key, before[key], now[key]) for key in sorted(before.keys() & now.keys()) if before[key] != now[key])


def _lists(old: MarketResults, new: MarketResults) -> tuple[ListChange, ...]:
    """Of the plan where both runs have one, else of pharmacies above and below the market's effect."""
    planned = old.plan is not None and new.plan is not None and bool(old.plan.rows) and bool(new.plan.rows)
    names: tuple[ListName, ...] = ("give", "take") if planned else ("above", "below")
    before, now = (_listed(results, planned) for results in (old, new))
    made = []
    for name in names:
        joined = sorted(one for one, at in now.items() if at == name and before.get(one) != name)
        left = sorted(one for one, at in before.items() if at == name and now.get(one) != name)
        if joined or left:
            made.append(ListChange(name=name, joined=tuple(joined), left=tuple(left)))
    return tuple(made)


def _listed(results: MarketResults, planned: bool) -> dict[str, str]:
    """List of every pharmacy that is on one."""
    if planned and results.plan is not None:
        return {row.pharmacy: row.action for row in results.plan.rows}
    words = {1: "above", -1: "below"}
    sides = zip(results.pharmacies, standings(results), strict=True)
    return {row.pharmacy: words[side] for row, side in sides if side}


# --- states in between ------------------------------------------------------------------------


def refitting(
    old: MarketResults, panel: MarketPanel, settings: Settings, *, shared_decay: AgreedDecay = None,
    shapes: Shapes | None = None, choices: tuple[SettingChoice, ...] | None = None,
) -> Refit:  # fmt: skip
    """Fits of the present ``panel`` under the settings of ``old``; the rest as for the present run."""
    earlier = earlier_settings(old, settings)

    def refit(cut: bool) -> Numbers | None:
        if earlier is None:
            return None
        seen = cut_to(panel, old.data.period) if cut else panel
        return None if seen is None else _measured(seen, earlier, shared_decay, shapes, choices)

    return refit


def earlier_settings(old: MarketResults, settings: Settings) -> Settings | None:
    """The settings of an earlier run; None where it did not keep them, or read its table by others."""
    found = _exact(old)
    if not found:
        return None
    sections: dict[str, dict[str, Any]] = {}
    for key, value in found.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    now = settings.model_dump(mode="json")
    present = {f"panel.{key}": value for key, value in now["panel"].items() if f"panel.{key}" in found}
    if _read_otherwise({key: value for key, value in found.items() if key in present}, present):
        return None
    updates = {
        name: getattr(settings, name).model_copy(update=dict(type(getattr(settings, name)).model_validate(kept)))
        for name, kept in sections.items()
        if name in ("model", "adstock")
    }
    return settings.model_copy(update=updates)


def cut_to(panel: MarketPanel, span: tuple[str, str]) -> MarketPanel | None:
    """The panel's periods of ``span``, without pharmacies that have no record there; None where nothing is left."""
    first, last = (period_index(label, panel.period_type) for label in span)
    if first is None or last is None:
        return None
    start, end = max(first - panel.first_period, 0), min(last - panel.first_period + 1, panel.n_periods)
    if end <= start:
        return None
    rows = np.flatnonzero(panel.recorded[:, start:end].any(axis=1))

    def part(array: Any) -> Any:
        return array[..., rows, start:end].copy()

    def named(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(values[row] for row in rows) if values else ()

    recorded = part(panel.recorded)
    return replace(
        panel,
        pharmacies=named(panel.pharmacies),
        first_period=panel.first_period + start,
        n_periods=end - start,
        sales=part(panel.sales),
        promotion=part(panel.promotion),
        controls=part(panel.controls),
        recorded=recorded,
        cost=part(panel.cost) if isinstance(panel.cost, np.ndarray) else panel.cost,
        rows_read=int(recorded.sum()),
        set_aside=None if panel.set_aside is None else part(panel.set_aside),
        territories=named(panel.territories),
        unnamed_territories=(panel.unnamed_territories[0], named(panel.unnamed_territories[1])),
        moderators=tuple((name, named(values)) for name, values in panel.moderators),
    )


def _measured(
    panel: MarketPanel, settings: Settings, shared_decay: AgreedDecay, shapes: Shapes | None,
    choices: tuple[SettingChoice, ...] | None,
) -> Numbers | None:  # fmt: skip
    """Effect and sums of one state, from its estimates alone."""
    settings = chosen(settings, choose_alone(panel, settings) if choices is None else choices)
    frame, _ = usable_frame(panel, settings)
    if refusals(frame):
        return None
    try:
        market = fitted_market(frame, settings, shared_decay, shapes)
        impact = measure_impact(market, settings)
    except (*UNFITTABLE, *BREAKDOWNS):
        return None
    total = impact.incremental
    return Numbers(effect=impact.effects[0].kept_up.estimate, incremental=None if total is None else total.total)
