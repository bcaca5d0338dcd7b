"""What changed since the run before: the headlines of both runs compared.

run.json remembers a headline per market, so nothing but that file and the markets' records is read. A list of changes
stays until there is a new one: a site that is built again for another reason still says what the last data changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from reportgen.batch.state.record import MarketRecord
from reportgen.report.narrative.verdict import shown
from reportgen.report.site.changes import Changes, Kind, MarketChange
from reportgen.results import Status, VerdictCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a run remembers of one market. ``verdict`` and numbers are of the report that is shown, if there is one."""

    verdict: VerdictCode | None
    effect: float | None
    se: float | None
    failed: bool
    """The last build failed; an older report may still be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headlines:
    """What a run remembers of all markets, and the changes it told of."""

    as_of: str
    numbers: str
    """Fingerprint of the settings that numbers depend on: effects of other settings are not compared."""
    markets: Mapping[str, Known]
    changes: Changes | None = None


def headlines(
    records: Mapping[str, MarketRecord], failed: Collection[str], *, as_of: str, numbers: str, before: Headlines | None
) -> Headlines:
    """Headlines of a run that has ended, with what changed against ``before``.

    Parameters
    ----------
    records
        Of the markets that have a report, by code.
    failed
        Codes of markets whose last build failed.
    """
    markets = {market: _known(records.get(market), market in failed) for market in sorted({*records, *failed})}
    if before is None:
        return Headlines(as_of=as_of, numbers=numbers, markets=markets)
    # Other settings give other effects: that is no news about a market.
    comparable = before.numbers == numbers
    entries = [
        entry
        for market in sorted({*markets, *before.markets})
        if (entry := _compare(market, before.markets.get(market), markets.get(market), records, comparable=comparable))
    ]
    # A run that changed nothing keeps telling of the last one that did.
    fresh = Changes(since=before.as_of, entries=tuple(entries), comparable=comparable) if entries else None
    return Headlines(as_of=as_of, numbers=numbers, markets=markets, changes=fresh or before.changes)


def to_plain(found: Headlines | None) -> dict[str, Any] | None:
    """JSON data of :func:`from_plain`."""
    return None if found is None else asdict(found)


def from_plain(content: Mapping[str, Any] | None) -> Headlines | None:
    """Read what :func:`to_plain` wrote.

    Raises
    ------
    KeyError, TypeError
        If it is something else.
    """
    if content is None:
        return None
    changes = content["changes"]
    return Headlines(
        as_of=content["as_of"],
        numbers=content["numbers"],
        markets={market: Known(**entry) for market, entry in content["markets"].items()},
        changes=None
        if changes is None
        else Changes(
            since=changes["since"],
            entries=tuple(MarketChange(**entry) for entry in changes["entries"]),
            comparable=changes["comparable"],
        ),
    )


def _known(found: MarketRecord | None, failed: bool) -> Known:
    if found is None:
        return Known(verdict=None, effect=None, se=None, failed=failed)
    told = found.headline
    verdict = shown(cast("Status", told.status), cast("VerdictCode", told.verdict))
    return Known(verdict=verdict, effect=told.effect, se=told.se, failed=failed)


def _compare(
    market: str, before: Known | None, now: Known | None, records: Mapping[str, MarketRecord], *, comparable: bool
) -> MarketChange | None:
    kind = _kind(before, now, comparable=comparable)
    if kind is None:
        return None
    kept = records.get(market)
    # The effect before is only told where it may be compared: with the present one, or as the last one of a market that
    # is gone.
    same = comparable and now is not None
    return MarketChange(
        market=market,
        kind=kind,
        verdict_before=before.verdict if before else None,
        verdict=now.verdict if now else None,
        before=before.effect if before and (same or now is None) else None,
        now=now.effect if now else None,
        se=(now or before or Known(verdict=None, effect=None, se=None, failed=False)).se,
        date=kept.as_of if kept is not None and kind == "stale" else "",
    )


def _kind(before: Known | None, now: Known | None, *, comparable: bool) -> Kind | None:
    if now is None:
        return "gone"
    # What failed before and fails again is no news; a failure is told before any change of what was shown last.
    if now.failed:
        if before is not None and before.failed:
            return None
        return "failed" if now.verdict is None else "stale"
    if before is None:
        return "new"
    if before.failed:
        return "recovered"
    if before.verdict != now.verdict:
        return "verdict"
    return _moved(before, now) if comparable else None


def _moved(before: Known, now: Known) -> Kind | None:
    """Whether the effect moved by more than its standard error."""
    if before.effect is None or now.effect is None or now.se is None:
        return None
    difference = now.effect - before.effect
    if abs(difference) <= now.se:
        return None
    return "up" if difference > 0 else "down"
