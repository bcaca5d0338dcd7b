"""What differs between operating systems: the only module that imports or names what only POSIX systems have.

Where something is missing (Windows), the next best is done and nothing raises at import: no memory cap by the kernel
(the run still measures workers and ends those over their limit), worker processes by ``spawn``, folders not flushed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Literal

START: Literal["forkserver", "spawn"] = "forkserver" if os.name == "posix" else "spawn"
"""How worker processes begin: from a server that has everything loaded, or each from nothing (five seconds)."""
ENDING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals by which a system asks a program to end."""
CAN_FORK = hasattr(os, "fork")
_KILL: signal.Signals = getattr(signal, "SIGKILL", signal.SIGTERM)
_PR_SET_PDEATHSIG = 1


def limit_memory(mebibytes: int) -> None:
    """Leave no core file of this process, and cap its private memory; 0: no cap, and none where the system has none."""
    try:
        import resource
    except ImportError:
        return
    # A core file of a worker would hold the user's data.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if mebibytes:
        cap = mebibytes * 1024 * 1024
        # RLIMIT_DATA counts private writable memory (Linux 4.7 on), RLIMIT_AS would count what libraries only reserve.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or hard > cap:
            resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (Linux), so that nothing outlives a killed run."""
    if sys.platform != "linux":
        return
    # Of a worker the parent is the fork server, which itself ends when the run does: it reads a pipe from it.
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, _KILL, 0, 0, 0)
    # It ended between the two calls: the wish came too late (prctl(2), PR_SET_PDEATHSIG) and no signal will come.
    if os.getppid() != parent:
        os._exit(1)


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries to disk, so that a rename in it survives a power cut; nothing on Windows."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # The entry in the directory is data of the directory: fsync of the file alone does not keep it (fsync(2)).
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def end_process(pid: int) -> None:
    """Kill a process of ours, and let its entry go."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, _KILL)
    # Whoever is not waited for stays a zombie as long as this process lives.
    os.waitpid(pid, 0)


def end_group(pid: int) -> None:
    """Kill a program and whatever it started; the program alone where there are no process groups."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name != "posix":
            os.kill(pid, _KILL)
        else:
            os.killpg(pid, _KILL)
