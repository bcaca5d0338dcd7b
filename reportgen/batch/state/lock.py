"""One run at a time per output folder: a kernel lock, which a killed run cannot leave behind.

A lock file with a process id in it was rejected: after ``kill -9`` it needs a human.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportgen.errors import LockedError, cannot_write

NAME = ".lock"


@contextmanager
def hold_lock(out: Path) -> Iterator[None]:
    """Create ``out`` and hold its lock.

    Raises
    ------
    LockedError
        If another run holds it.
    EnvironmentMissing
        If the folder cannot be created or written to.
    """
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        # flock(2) on an open file: the kernel lets it go with the last descriptor, however the process ends. The file
        # itself stays and means nothing.
        lock = FileLock(out / NAME, timeout=0)
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"{out.name}: another run is writing to this folder. Wait for it, or use --out.", code="locked"
        ) from None
    except OSError as error:
        raise cannot_write(out, error) from error
    try:
        yield
    finally:
        with suppress(OSError):  # the kernel takes the lock back at the end of the process anyway
            lock.release()
