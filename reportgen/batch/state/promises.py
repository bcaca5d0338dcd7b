"""``track.json`` of a market: what its runs promised of periods to come, and what became of it.

Every run adds its forecast; a later run that knows a promised period scores it, once, from what both results hold: the
promise has every pharmacy's expected sales, the present results their sales in the last periods. So pharmacies that
joined or left do not count as errors. The file lies in the market's folder, sealed, and moves on with it; a file that
is torn or altered is not used, and the record begins again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from pathlib import Path
from typing import Any

from reportgen.batch.state import record
from reportgen.results import MarketResults, ScoredPeriod, TrackRecord

NAME = "track.json"
SCHEMA_VERSION = 1
LEAST_SHARE = 0.8
"""Share of promised sales whose pharmacies must be on record."""
MOST = 24
"""Promises kept of which no period has come yet or not all."""
Promise = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Promises that wait, and periods that were scored, in the order in which they were promised."""

    promises: tuple[Promise, ...] = ()
    scored: tuple[ScoredPeriod, ...] = ()


def read_track(folder: Path) -> Track:
    """What is kept in a market's folder; nothing where it cannot be trusted."""
    content = record.unseal(folder / NAME)
    if content is None or content.get("schema_version") != SCHEMA_VERSION:
        return Track()
    try:
        return Track(
            promises=tuple(content["promises"]), scored=tuple(ScoredPeriod(**one) for one in content["scored"])
        )
    except (KeyError, TypeError):
        return Track()


def track_file(track: Track) -> bytes:
    """Content of ``track.json``."""
    return record.seal(
        {
            "schema_version": SCHEMA_VERSION,
            "promises": list(track.promises),
            "scored": [asdict(one) for one in track.scored],
        }
    )


def completed(track: Track, earlier: MarketResults | None) -> Track:
    """The same with what the earlier results tell, where the file is missing or was not whole."""
    if earlier is None or track.promises or track.scored:
        return track
    return advance(Track(scored=earlier.track.periods if earlier.track is not None else ()), earlier)


def advance(track: Track, now: MarketResults) -> Track:
    """Score what the present results know, and add what they promise."""
    known = {(one.last_period, one.period) for one in track.scored}
    earlier = [one for one in track.promises if one["last_period"] < now.data.period[1]]
    new = [one for promise in earlier for one in _scores(promise, now) if (one.last_period, one.period) not in known]
    scored = sorted((*track.scored, *new), key=lambda one: (one.period, one.last_period))
    # A promise has done its work once its last period is beyond what results keep.
    waiting = [one for one in earlier if one["periods"][-1]["period"] > now.data.period[1]]
    made = promise_of(now)
    return Track(promises=(*waiting, *((made,) if made is not None else ()))[-MOST:], scored=tuple(scored))


def track_record(track: Track, confidence: float) -> TrackRecord | None:
    """Sums of what was scored; None where nothing was yet."""
    rows = track.scored
    if not rows:
        return None
    came = fsum(one.came for one in rows)
    return TrackRecord(
        periods=rows,
        count=len(rows),
        held=sum(one.held for one in rows),
        expected=confidence * len(rows),
        error=fsum(abs(one.said - one.came) for one in rows) / came,
        bias=fsum(one.said - one.came for one in rows) / came,
    )


def promise_of(results: MarketResults) -> Promise | None:
    """What these results promise, as ``track.json`` keeps it."""
    found = results.forecast
    if found is None or any(row.lower is None or row.upper is None for row in found.periods):
        return None
    names = ("period", "estimate", "lower", "upper", "planned", "planned_lower", "planned_upper")
    return {
        "made": results.provenance.as_of,
        "last_period": results.data.period[1],
        "periods": [{name: getattr(row, name) for name in names} for row in found.periods],
        "expected": {one.pharmacy: list(one.expected) for one in found.pharmacies},
    }


def _scores(promise: Promise, now: MarketResults) -> list[ScoredPeriod]:
    """Periods of a promise that the present results know."""
    found = now.forecast
    if found is None:
        return []
    made = []
    for ahead, row in enumerate(promise["periods"], start=1):
        if row["period"] in found.recent_periods:
            at = found.recent_periods.index(row["period"])
            came = {one.pharmacy: one.recent[at] for one in found.pharmacies if one.recent[at] is not None}
            one = _score(promise, row, ahead, came)
            if one is not None:
                made.append(one)
    return made


def _score(
    promise: Promise, row: Mapping[str, Any], ahead: int, came: Mapping[str, float | None]
) -> ScoredPeriod | None:
    expected: Mapping[str, Sequence[float]] = promise["expected"]
    whole = fsum(values[ahead - 1] for values in expected.values())
    present = [name for name in expected if name in came]
    share = fsum(expected[name][ahead - 1] for name in present) / whole if whole > 0.0 else 0.0
    total = fsum(came[name] or 0.0 for name in present)
    if share < LEAST_SHARE or not total > 0.0:
        return None
    said, lower, upper = (share * row[name] for name in ("estimate", "lower", "upper"))
    planned = None if row["planned"] is None else share * row["planned"]
    return ScoredPeriod(
        made=promise["made"],
        last_period=promise["last_period"],
        ahead=ahead,
        period=row["period"],
        said=said,
        lower=lower,
        upper=upper,
        planned=planned,
        planned_held=None
        if planned is None
        else bool(share * row["planned_lower"] <= total <= share * row["planned_upper"]),
        came=total,
        held=bool(lower <= total <= upper),
        share=share,
    )
