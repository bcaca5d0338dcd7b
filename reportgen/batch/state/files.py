"""Files that are either complete or not there: slugs, hashes, atomic writes.

A file at its final path is always complete (RELIABILITY R2): content goes to a temporary name in
the same folder, is flushed to disk, and is renamed. Whole folders are ``swap.py``. Nothing here knows what a market
or a report is.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from reportgen.system import sync_folder

_SLUG_TEXT = 40
_MANY = 50
_AT_ONCE = 12
_SMALL_STACK = 256 * 1024
_SMALL = 4 * 1024 * 1024
Item = TypeVar("Item")
Result = TypeVar("Result")


def slug(code: str) -> str:
    """Return a folder name for any text: readable ASCII, then 8 hex digits of its SHA-256.

    Lower-case letters, digits and single hyphens only, so it is the same folder on every file
    system, never a reserved name, never outside its parent, and distinct for distinct codes
    even where file names ignore case or Unicode form.
    """
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    # Only to be readable: what tells two codes apart is the hash, over the code as it is.
    plain = unicodedata.normalize("NFKD", code).encode("ascii", "ignore").decode("ascii").lower()
    text = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_TEXT].strip("-")
    return f"{text or 'market'}-{digest}"


def sha256_bytes(content: bytes) -> str:
    """Return the SHA-256 of ``content`` as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits; a large one is read in blocks."""
    with path.open("rb", buffering=0) as stream:
        if os.fstat(stream.fileno()).st_size <= _SMALL:
            return sha256_bytes(stream.read())
        return hashlib.file_digest(stream, "sha256").hexdigest()


def in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return ``function`` of every item, in order; many items are read and hashed on all cores."""
    # Reading and SHA-256 let go of Python's lock, so threads do run side by side; for a few files they cost more than
    # that.
    if len(items) < _MANY:
        return [function(item) for item in items]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def sync_file(path: Path) -> None:
    """Flush a file's content to disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def write_new(path: Path, content: bytes) -> None:
    """Write a file in a folder nobody reads yet, and flush it to disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def write_all(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write files by their names below a folder nobody reads yet, and flush them to disk.

    Flushing thirty files one after another took 0.1 s, at once a tenth of it.
    """
    # All content first, then all flushes: the kernel can then write many files in one go.
    paths = [folder / name for name in content]
    for path, body in zip(paths, content.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    if len(paths) <= _AT_ONCE or not _sync_at_once(paths):
        for path in paths:
            sync_file(path)


def _sync_at_once(paths: Sequence[Path]) -> bool:
    """Flush files in threads; False where no thread is to be had."""
    stack = threading.stack_size(_SMALL_STACK)  # a cap on this process's memory counts whole stacks
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(sync_file, paths))
    except RuntimeError:
        return False
    finally:
        threading.stack_size(stack)
    return True


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; on any failure the old file stays."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.reportgen-*"):  # by a run that was killed
        if is_draft_of(left, path.name):
            left.unlink(missing_ok=True)
    # The process id keeps two processes apart; the name tells what it is a draft of once its process is gone.
    temporary = path.with_name(f".{path.name}.reportgen-{os.getpid()}")
    try:
        write_new(temporary, content)
        # rename(2) is atomic only within a file system: hence the draft beside its target, not in /tmp.
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # Only now is the new name certain to be there after a power cut; before, the old file would be.
    sync_folder(path.parent)


def is_draft_of(path: Path, name: str) -> bool:
    """Whether ``path`` is an unfinished file that :func:`write_atomic` made for ``name``."""
    return re.fullmatch(rf"\.{re.escape(name)}\.reportgen-\d+", path.name) is not None


def discard(path: Path) -> None:
    """Remove a file, link or folder tree if it exists. Links are removed, never followed."""
    # A link to a folder is a folder to is_dir(); rmtree would refuse it, and following it would be worse.
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
