"""``_OK.json``: the last file written into a market's folder, and the proof that it is complete.

It holds the SHA-256 of every other file, the fingerprint of what they were made from, and the few
facts that lists of markets print, so that neither a second run nor the site has to open
results.json. It carries no time and no path: same inputs, same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reportgen.batch.state.files import sha256_bytes, sha256_file
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.results import MarketResults
from reportgen.results.derived.intervals import about_se

NAME = "_OK.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHeadline:
    """One of several channels of a market: its verdict and one unit of it kept up."""

    channel: str
    verdict: str
    effect: float | None
    lower: float | None
    upper: float | None
    step: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What a list of markets prints of one market: one promotion unit kept up, sales units; of several channels the
    one that stands for the market.
    """

    status: str
    verdict: str
    effect: float | None
    lower: float | None
    upper: float | None
    pharmacies: int
    rows_used: int
    se: float | None = None
    step: float = 1.0
    """Promotion units that reports tell the effect for; ``effect`` and its limits are for one unit."""
    channels: tuple[ChannelHeadline, ...] = ()
    """Every channel, where there are several."""
    plan: str = ""
    """Outcome of the market's plan; "" without one."""
    gain: float | None = None
    """Money a period that a recommended plan brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """One complete market folder."""

    market: str
    slug: str
    as_of: str
    """Date printed on the documents, ISO."""
    stamp: Fingerprint
    formats: tuple[str, ...]
    headline: Headline
    files: tuple[tuple[str, str], ...]
    """Name below the folder, with ``/``, and SHA-256; sorted by name."""


def headline(results: MarketResults) -> Headline:
    """Return what lists of markets print of these results."""
    from reportgen.report.channels import leading_channel
    from reportgen.report.words import quantities
    from reportgen.report.words.units import promotion_step

    def line(k: int) -> ChannelHeadline:
        found = quantities.kept_up(results, k)
        channel = results.channels[k] if results.channels else None
        return ChannelHeadline(
            channel=channel.channel if channel is not None else "",
            verdict=channel.verdict.code if channel is not None and channel.verdict is not None else "",
            effect=found.estimate if found else None,
            lower=found.lower if found else None,
            upper=found.upper if found else None,
            step=promotion_step(results.data, k),
        )

    lead, plan = line(leading_channel(results)), results.plan
    return Headline(
        status=results.status,
        verdict=results.verdict.code,
        effect=lead.effect,
        lower=lead.lower,
        upper=lead.upper,
        se=about_se(lead.lower, lead.upper),
        pharmacies=results.data.pharmacies,
        rows_used=results.data.rows_used,
        step=lead.step,
        channels=tuple(line(k) for k in range(len(results.channels))),
        plan=plan.outcome if plan is not None else "",
        gain=plan.gain.estimate if plan is not None and plan.outcome == "recommended" and plan.gain else None,
    )


def to_json(record: MarketRecord) -> bytes:
    """Serialise, with a checksum over the content itself."""
    content = {"schema_version": SCHEMA_VERSION, **asdict(record), "files": dict(record.files)}
    return seal(content)


def read_record(folder: Path) -> MarketRecord | None:
    """Return the record of a market's folder, or None if it has none that can be trusted."""
    content = unseal(folder / NAME)
    if content is None or content.get("schema_version") != SCHEMA_VERSION:
        return None
    try:
        return MarketRecord(
            market=content["market"],
            slug=content["slug"],
            as_of=content["as_of"],
            stamp=Fingerprint(**content["stamp"]),
            formats=tuple(content["formats"]),
            headline=_headline(content["headline"]),
            files=tuple(sorted(content["files"].items())),
        )
    # A record of another version of the program, with more or fewer fields: it is not used, and the market is built
    # again.
    except (KeyError, TypeError, AttributeError):
        return None


def _headline(content: dict[str, Any]) -> Headline:
    channels = tuple(ChannelHeadline(**one) for one in content.get("channels", ()))
    return Headline(**{**content, "channels": channels})


def complete_markets(out: Path) -> dict[str, MarketRecord]:
    """Return the records of an output folder's complete markets by code, sorted; their files are not looked at."""
    found = {}
    for folder in (out / "markets").glob("*"):
        kept = read_record(folder)
        # A folder that was copied by hand carries a valid record under another name: it is no market of its own.
        if kept is not None and kept.slug == folder.name:
            found[kept.market] = kept
    return dict(sorted(found.items()))


def damaged_files(folder: Path, record: MarketRecord) -> tuple[str, ...]:
    """Return the names of files that are missing or differ from their recorded hash."""
    return tuple(name for name, digest in record.files if _hash_or_nothing(folder / name) != digest)


def seal(content: dict[str, Any]) -> bytes:
    """Return JSON text that carries the SHA-256 of its own content."""
    # Keys in order, letters as ASCII: the same content has the same bytes and so the same checksum on every machine.
    return json.dumps({**content, "sha256": _checksum(content)}, ensure_ascii=True, indent=1, sort_keys=True).encode()


def unseal(path: Path) -> dict[str, Any] | None:
    """Return the content of a sealed file, or None if it is missing, torn or altered."""
    try:
        return unseal_bytes(path.read_bytes())
    except OSError:
        return None


def unseal_bytes(sealed: bytes) -> dict[str, Any] | None:
    """Return the content of a sealed file that was read, or None if it is torn or altered."""
    try:
        # Torn, altered, from another program: whatever is wrong with it, it is no record, and the work is done again.
        content: dict[str, Any] = json.loads(sealed)
        found = content.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    return content if found == _checksum(content) else None


def _checksum(content: dict[str, Any]) -> str:
    """Hash of the compact text, which Python's fast encoder writes (the indented one is slow)."""
    return sha256_bytes(json.dumps(content, ensure_ascii=True, sort_keys=True).encode())


def _hash_or_nothing(path: Path) -> str | None:
    try:
        # A link may be whole today and lead elsewhere tomorrow: it does not count as our file.
        return None if path.is_symlink() else sha256_file(path)
    except OSError:
        return None
