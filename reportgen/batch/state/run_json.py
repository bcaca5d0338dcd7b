"""run.json, the account of the last run: what it did, and what the next one can take over.

The truth about a market is its own folder (``_OK.json`` and the hashes in it); run.json only adds
what a folder cannot say: failures, and which market hashes belong to which input file. A missing,
torn or altered run.json is therefore never an error: it is not used, and the work is done again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import Fingerprint, hash_strings, versions
from reportgen.batch.state.headlines import Headlines, from_plain, to_plain
from reportgen.batch.state.outcome import GoneMarkets, MarketOutcome, RunResult

if TYPE_CHECKING:
    from reportgen.model.agreed.decay import SharedDecay
    from reportgen.model.market.bend import Shapes
    from reportgen.results import SettingChoice
    from reportgen.settings.sections import Settings

NAME = "run.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InputIndex:
    """Data hash and rows of every market, valid for exactly one input file and way of reading it."""

    key: str
    """Hash of the input's bytes and of everything that decides how they are read."""
    markets: Mapping[str, tuple[str, int]]
    """Market code → data hash, rows read; sorted by code."""
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Market code → code and message, for markets whose rows break the contract."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Market code → hash of its own files, where every market has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What the markets agreed on, as run.json keeps it.

    ``key`` hashes everything it was found from; ``decay`` is one decay for all as JSON data, None where decays are not
    shared or no market could be estimated; ``shapes`` are the channels whose response flattens. They are made what the
    statistics use only where something is built: that loads the statistics.
    """

    key: str
    decay: Mapping[str, Any] | None = None
    shapes: Sequence[Mapping[str, Any]] | None = None
    choices: Sequence[Mapping[str, Any]] = ()
    """Settings that were ``auto`` and what the markets chose."""

    def shared_decay(self) -> SharedDecay | None:
        """Return the decay of all markets."""
        from reportgen.model.agreed.decay import SharedDecay
        from reportgen.results import DecayPoint

        if self.decay is None:
            return None
        curves = {name: tuple(DecayPoint(**point) for point in self.decay[name]) for name in ("profile", "support")}
        return SharedDecay(**{**self.decay, **curves})

    def shared_shapes(self) -> Shapes | None:
        """Return the channels with a curve; None where every market decides for itself."""
        from reportgen.model.market.bend import shapes_from_plain

        return None if self.shapes is None else shapes_from_plain(self.shapes)

    def setting_choices(self) -> tuple[SettingChoice, ...]:
        """Return what was chosen for settings that are ``auto``."""
        from reportgen.results import SettingChoice

        return tuple(
            SettingChoice(**{**one, "rivals": tuple(one["rivals"]), "gains": tuple(one["gains"])})
            for one in self.choices
        )

    def settled(self, settings: Settings) -> Settings:
        """Return the settings with what was chosen."""
        return settings.settled({one["setting"]: one["chosen"] for one in self.choices})

    def mixed_into(self, stamp: Fingerprint) -> Fingerprint:
        """Return a market's fingerprint with what it shares with others as part of its data; straight lines are none.

        A market whose response is a line is as it would be alone: others' new data are no reason to build it again.
        """
        if self.decay is None and not self.shapes and not self.choices:
            return stamp
        shared = json.dumps([self.decay, list(self.shapes or ()), list(self.choices)], sort_keys=True)
        return replace(stamp, data=hash_strings((stamp.data, shared)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What is remembered of the run before, as far as it can be trusted."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    index: InputIndex | None = None
    agreed: Agreed | None = None
    """What the markets agreed on, where they were asked."""
    headlines: Headlines | None = None
    """What lists of markets told, for the list of changes."""
    gone: GoneMarkets | None = None
    """Markets that the data no longer had."""
    departed: tuple[str, ...] = ()
    """Markets whose reports left the site because the data no longer had them."""


def read_last_run(out: Path) -> LastRun:
    """Return what the run before left in run.json; nothing at all if the file cannot be trusted."""
    content = record.unseal(out / NAME)
    if content is None or content.get("schema_version") != SCHEMA_VERSION:
        return LastRun()
    try:
        markets = content["markets"]
        index = content["input"]["index"]
        return LastRun(
            statuses={market: entry["status"] for market, entry in markets.items()},
            failures={market: entry["failure"] for market, entry in markets.items() if "failure" in entry},
            index=None if index is None else _index(index),
            agreed=_agreed(content.get("agreed")),
            headlines=from_plain(content.get("headlines")),
            gone=_gone(content.get("gone")),
            departed=tuple(content.get("departed", ())),
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        return LastRun()


def _gone(content: Mapping[str, Any] | None) -> GoneMarkets | None:
    if content is None:
        return None
    return GoneMarkets(names=tuple(content["names"]), of=content["of"], kept=tuple(content["kept"]))


def _index(content: Mapping[str, Any]) -> InputIndex:
    return InputIndex(
        key=content["key"],
        markets={market: (entry[0], entry[1]) for market, entry in content["markets"].items()},
        refused={market: (entry[0], entry[1]) for market, entry in content["refused"].items()},
        parts=dict(content.get("parts", {})),
    )


def _agreed(content: Mapping[str, Any] | None) -> Agreed | None:
    if content is None:
        return None
    return Agreed(**{name: content[name] for name in ("key", "decay", "shapes", "choices")})


def write_run(
    out: Path,
    result: RunResult,
    *,
    last: LastRun,
    run_stamp: Fingerprint,
    source: str,
    index: InputIndex | None,
    agreed: Agreed | None = None,
    headlines: Headlines | None = None,
    gone: GoneMarkets | None = None,
    departed: tuple[str, ...] = (),
) -> None:
    """Write run.json: versions, hashes, and the state of every market of the input."""
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": result.exit_code,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 3),
        "versions": versions(),
        "fingerprint": {key: value for key, value in asdict(run_stamp).items() if key != "data"},
        "input": {
            "source": source,
            "index": None if index is None else asdict(index),
        },
        "agreed": None if agreed is None else asdict(agreed),
        "headlines": to_plain(headlines),
        "gone": None if gone is None else asdict(gone),
        "departed": list(departed),
        "warnings": list(result.warnings),
        "site_error": result.site_error,
        "site": None if result.index is None else result.index.relative_to(result.out).as_posix(),
        "markets": {outcome.market: _entry(outcome, result.out, last) for outcome in result.markets},
    }
    # A run over some markets only does not forget that others failed, as long as the data still have them.
    for market in sorted(set(last.failures) - set(content["markets"])):
        if index is not None and market in index.markets:
            failure = dict(last.failures[market])
            content["markets"][market] = {"slug": files.slug(market), "status": "failed", "failure": failure}
    files.write_atomic(out / NAME, record.seal(content))


def _entry(outcome: MarketOutcome, out: Path, last: LastRun) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "slug": outcome.slug,
        "status": outcome.status,
        "action": outcome.action,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "attempts": outcome.attempts,
    }
    if outcome.headline is not None:
        entry["verdict"] = outcome.headline.verdict
    found = record.read_record(out / "markets" / outcome.slug)
    entry["files"] = [name for name, _ in found.files] if found is not None else []
    if outcome.action == "failed":
        entry["failure"] = {"code": outcome.code, "message": outcome.message}
    # Not tried again in this run, so what was wrong is still wrong.
    elif outcome.action == "not-run" and outcome.market in last.failures:
        entry |= {"status": "failed", "failure": dict(last.failures[outcome.market])}
    if outcome.stale_since:
        entry["stale_since"] = outcome.stale_since
    return entry
