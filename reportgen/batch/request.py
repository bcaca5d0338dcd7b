"""What is asked of a run beyond the settings: which markets, which part of them, how it goes on after failures.

One object from the command line to the run. It imports next to nothing, so that asking costs no time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.batch.selection import select_markets, split_patterns
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.batch.state.outcome import GoneMarkets

FOLDER = "shards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part ``index`` (from 1) of ``count``."""

    index: int
    count: int

    @property
    def folder(self) -> str:
        """Folder of the part's output, below the output folder of the whole."""
        return f"{FOLDER}/{self.index}-of-{self.count}"

    def holds(self, market: str) -> bool:
        """Return whether a market belongs to this shard."""
        # Not Python's hash(), which is salted: every shard has to come to the same answer.
        digest = hashlib.sha256(market.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1


def parse_shard(text: str) -> Shard | None:
    """Read ``i/n``; an empty text is no part, but the whole.

    Raises
    ------
    UsageError
        If it is not ``i/n`` with 1 ≤ i ≤ n ≤ 10,000.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text.strip())
    shard = Shard(index=int(match[1]), count=int(match[2])) if match else Shard(index=0, count=0)
    if not 1 <= shard.index <= shard.count <= 10_000:
        raise UsageError(f"--shard {text}: write i/n with i from 1 to n, e.g. 2/8.", code="bad-shard")
    return shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the caller wants of a run beyond the settings.

    Raises
    ------
    UsageError
        If a ``status:`` word of a pattern is unknown.
    """

    select: Sequence[str] = ()
    """Comma lists of market codes, globs, ``status:failed``; none: all markets."""
    exclude: Sequence[str] = ()
    force: bool = False
    dry_run: bool = False
    fail_fast: bool = False
    max_failures: int = 0
    """Stop after this many failed markets; 0: never."""
    shard: Shard | None = None
    """Build only the markets of this part, in a folder of its own."""
    only: bool = False
    """Remove documents of formats that are not asked for."""
    drop_gone: bool = False
    """Reports of markets that the data no longer have leave the site, however many they are."""
    confirm: Callable[[GoneMarkets], bool] | None = None
    """Asks whoever is there whether they may leave; None: nobody is there, and they stay."""
    scheduler: str = ""
    """Address of a Dask scheduler; empty: processes on this machine."""

    def __post_init__(self) -> None:
        split_patterns((*self.select, *self.exclude))

    def may_leave(self, gone: GoneMarkets) -> bool:
        """Whether the reports of so many gone markets may leave the site: an option said so, or a person did."""
        return self.drop_gone or (self.confirm is not None and self.confirm(gone))

    def markets(self, every: Sequence[str], statuses: Mapping[str, str]) -> tuple[str, ...]:
        """Return the markets that are meant, of the part that is asked for.

        Parameters
        ----------
        statuses
            Status of each market after the last run; markets without one are ``new``.

        Raises
        ------
        NothingSelectedError
            If no market fits the patterns.
        """
        select, exclude = split_patterns(self.select), split_patterns(self.exclude)
        chosen = select_markets(every, statuses, select=select, exclude=exclude)
        return tuple(market for market in chosen if self.shard is None or self.shard.holds(market))
