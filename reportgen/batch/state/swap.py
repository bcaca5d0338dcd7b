"""Whole folders take the place of older ones, and nothing that is not ours is lost by it.

Everything that is not final yet lies in one folder of the output, ``.reportgen``, which carries a seal of its own:
drafts below ``new``, folders that are being replaced below ``old``. A folder is swapped in with two renames;
:func:`recover` repairs the only state that a kill between the two can leave. Names such as ``.old-x`` elsewhere are
somebody else's. Files in a replaced folder that its record does not list (a reader's notes, a ``CNAME``) move to the
new one. Writing in place with a journal was rejected: two renames need no replay.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from reportgen.batch.state import files, record
from reportgen.errors import EnvironmentMissing, cannot_write
from reportgen.system import sync_folder

WORK = ".reportgen"
"""Folder of an output folder for what is not final yet."""
SEAL = "seal.json"
_SEALED = {
    "made by": "reportgen",
    "what": "unfinished files of the folder around it; may go while nothing runs",
}
_NEW, _OLD = "new", "old"
_MADE = (
    "report.*", "brief.pdf", "results.json", "track.json", "data/**", "figures/**", "quarto/**", "markets/**",
    "pagefind/**", "*.html", "sitemap.xml", "slides.pptx",
)  # fmt: skip
"""What this program writes into its folders: where a record is torn, only these count as its own."""


def work_folder(out: Path) -> Path:
    """Return the sealed folder for unfinished files of ``out``, made where it is missing.

    Raises
    ------
    EnvironmentMissing
        If there is a folder of that name without the seal, or none can be made.
    """
    work = out / WORK
    if not (work / SEAL).is_file():
        # An empty folder of the name, or one with only a draft of the seal, is what a run leaves that was killed while
        # it made it.
        if work.is_dir() and any(entry.name != SEAL for entry in work.iterdir() if not _is_draft_of_seal(entry)):
            raise EnvironmentMissing(
                f"{out.name}/{WORK}: reportgen keeps unfinished files in a folder of this name, and this one is not "
                "its own. Move it away, or name another output folder.",
                code="foreign-folder",
            )
        try:
            work.mkdir(parents=True, exist_ok=True)
            files.write_atomic(work / SEAL, record.seal(dict(_SEALED)))
        except OSError as error:
            raise cannot_write(out.name, error) from error
    return work


def is_claimed(out: Path) -> bool:
    """Whether ``out`` has the sealed folder for unfinished files: a run has written there."""
    return record.unseal(out / WORK / SEAL) is not None


def draft_folder(out: Path, name: str) -> Path:
    """Create and return an empty folder for the next ``out/name``, to be passed to :func:`swap_in`."""
    # By process id: the drafts of two workers never meet, even of one market tried twice.
    folder = work_folder(out) / _NEW / f"{name.replace('/', '--')}-{os.getpid()}"
    files.discard(folder)
    folder.mkdir(parents=True)
    return folder


def swap_in(draft: Path, out: Path, name: str, *, deep: bool = True) -> None:
    """Make ``draft`` the folder ``out/name``; what was there is removed, but for files that are not ours.

    Without ``deep`` only the folder's own entries are flushed, not those of its subfolders.
    """
    final, old = out / name, work_folder(out) / _OLD / name
    # The link goes; what it leads to is not ours, and is neither copied from nor moved.
    if final.is_symlink():
        final.unlink()
    if final.is_dir():
        _keep_what_is_not_ours(final, draft)
    # Before the rename: after a power cut the new name may not lead to folders whose entries never got to disk.
    for part in sorted(draft.rglob("*")) if deep else ():
        if part.is_dir() and not part.is_symlink():
            sync_folder(part)
    sync_folder(draft)
    final.parent.mkdir(parents=True, exist_ok=True)
    # No exchange in one step: renameat2(RENAME_EXCHANGE) is Linux only and not on every file system. Between the two
    # moves the folder is missing; a run killed there is what recover() mends.
    if final.exists():
        files.discard(old)
        old.parent.mkdir(parents=True, exist_ok=True)
        _move(final, old)
    try:
        _move(draft, final)
    except BaseException:
        if old.exists() and not final.exists():
            _move(old, final)
        raise
    sync_folder(final.parent)
    files.discard(old)


def recover(out: Path) -> None:
    """Repair what a killed run left in ``out``: half-swapped folders come back, drafts go."""
    if not is_claimed(out):
        return
    work = out / WORK
    for old in sorted(_replaced(work / _OLD)):
        final = out / old.relative_to(work / _OLD)
        # A copy instead of a rename (other device) that was cut short: the old folder is still the whole one.
        if record.unseal(final / record.NAME) is None and record.unseal(old / record.NAME) is not None:
            files.discard(final)
            _move(old, final)
        # Killed after the second rename: the new folder is in place, and only the old one was left.
        elif final.exists():
            files.discard(old)
        else:
            _move(old, final)
    for draft in (work / _NEW).glob("*"):
        files.discard(draft)


def _replaced(folder: Path) -> Iterator[Path]:
    """Folders that were being replaced: ``site`` and ``markets/<slug>``."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.name == "markets":
            yield from entry.iterdir()
        else:
            yield entry


def _keep_what_is_not_ours(final: Path, draft: Path) -> None:
    sealed = record.unseal(final / record.NAME)
    # Ours is what our record lists. Of a torn record nothing is known: then the names that we give are ours, or every
    # old document would be kept as if a reader had put it there.
    listed = set(sealed.get("files", ())) if sealed is not None else None
    for path in final.rglob("*"):
        name = path.relative_to(final).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        ours = name in listed if listed is not None else any(_matches(name, pattern) for pattern in _MADE)
        target = draft / name
        if ours or name == record.NAME or os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        # Copied and not moved: until the swap is done the old folder has to stay whole.
        shutil.copy2(path, target, follow_symlinks=False)
        if not target.is_symlink():
            files.sync_file(target)


def _matches(name: str, pattern: str) -> bool:
    if pattern.endswith("/**"):
        return name.startswith(pattern[:-2])
    return "/" not in name and PurePosixPath(name).match(pattern)


def _move(source: Path, target: Path) -> None:
    """Rename a folder; where the file system cannot (the lower layer of an overlay), copy it and remove the original.

    The record is copied last and removed first, so that a half copied or half removed folder is never taken for whole.
    """
    try:
        source.replace(target)
    except OSError as error:
        # EXDEV: rename(2) does not reach across file systems, and on overlayfs not out of a lower layer.
        if error.errno != errno.EXDEV:
            raise
        files.discard(target)
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(record.NAME))
        for part in sorted(target.rglob("*")):
            if part.is_file() and not part.is_symlink():
                files.sync_file(part)
        if (source / record.NAME).is_file():
            files.write_new(target / record.NAME, (source / record.NAME).read_bytes())
        sync_folder(target)
        (source / record.NAME).unlink(missing_ok=True)
        files.discard(source)


def _is_draft_of_seal(entry: Path) -> bool:
    return files.is_draft_of(entry, SEAL)
