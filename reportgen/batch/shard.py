"""Runs in parts: ``--shard i/n`` builds every n-th market in a folder of its own, ``merge`` joins them.

For schedulers that start independent jobs on shared storage (Slurm arrays, Kubernetes indexed jobs,
CI matrices). Which shard a market belongs to follows from its code alone, so shards need not talk to
each other, and a shard that is started again goes on where it stopped. Merging checks every hash and
swaps folders in as a build does. Rejected: one folder for all shards, which would need a lock that
network file systems do not keep.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.state import files, record, swap
from reportgen.errors import UsageError

FOLDER = "shards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part ``index`` (from 1) of ``count``."""

    index: int
    count: int

    @property
    def name(self) -> str:
        """Folder of the shard's output below ``shards``."""
        return f"{self.index}-of-{self.count}"

    def holds(self, market: str) -> bool:
        """Return whether a market belongs to this shard."""
        digest = hashlib.sha256(market.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1


def parse_shard(text: str) -> Shard:
    """Read ``i/n``.

    Raises
    ------
    UsageError
        If it is not ``i/n`` with 1 ≤ i ≤ n ≤ 10,000.
    """
    match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text.strip())
    shard = Shard(index=int(match[1]), count=int(match[2])) if match else Shard(index=0, count=0)
    if not 1 <= shard.index <= shard.count <= 10_000:
        raise UsageError(f"--shard {text}: write i/n with i from 1 to n, e.g. 2/8.", code="bad-shard")
    return shard


def shard_folders(out: Path) -> tuple[Path, ...]:
    """Return the output folders of the shards of ``out``, in order.

    Raises
    ------
    UsageError
        If there are none, they belong to different counts, or one is missing.
    """
    found = sorted((out / FOLDER).glob("*-of-*"))
    counts = {folder.name.partition("-of-")[2] for folder in found}
    if not found:
        raise UsageError(f"{out.name}: there are no shards to merge; build them with --shard i/n.", code="no-shards")
    if len(counts) > 1:
        raise UsageError(f"{out.name}: shards of different counts: {', '.join(sorted(counts))}.", code="mixed-shards")
    count = int(counts.pop())
    missing = [str(i) for i in range(1, count + 1) if not (out / FOLDER / f"{i}-of-{count}" / "run.json").is_file()]
    if missing:
        raise UsageError(f"{out.name}: shard {', '.join(missing)} of {count} has not finished.", code="missing-shards")
    return tuple(out / FOLDER / f"{i}-of-{count}" for i in range(1, count + 1))


def take_over(source: Path, final: Path, found: record.MarketRecord) -> bool:
    """Make a complete market folder of a shard the market's folder; return whether anything had to be done."""
    if record.read_record(final) == found and not record.damaged_files(final, found):
        return False
    out, place = final.parent.parent, f"markets/{final.name}"
    folder = swap.draft_folder(out, place)
    try:
        for name in (*(name for name, _ in found.files), record.NAME):
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, target)
            files.sync_file(target)
        swap.swap_in(folder, out, place)
    except BaseException:
        files.discard(folder)
        raise
    return True
