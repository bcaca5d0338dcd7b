"""Work functions for engine tests: importable in workers, each misbehaves in one way."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


class UnpicklableError(Exception):
    """Cannot be pickled, and says so at length in bytes that are no UTF-8."""

    def __reduce__(self) -> Any:
        raise TypeError("not today")

    def __str__(self) -> str:
        return "\udcff broken " + "x" * 10_000_000


def work(argument: tuple[str, Any]) -> Any:
    """Do what the first item says, with the second."""
    kind, value = argument
    return globals()[f"do_{kind}"](value)


def do_double(value: int) -> int:
    return 2 * value


def do_pid(value: object) -> int:
    return os.getpid()


def do_exit_zero(value: object) -> None:
    os._exit(0)


def do_kill(value: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def do_segfault(value: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def do_stop(value: object) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def do_hang(value: object) -> None:
    while True:
        pass


def do_sleep(value: float) -> float:
    time.sleep(value)
    return value


def do_allocate(mebibytes: int) -> int:
    block = bytearray(mebibytes * 1024 * 1024)
    block[::4096] = b"x" * len(block[::4096])
    return len(block)


def do_creep(mebibytes: int) -> None:
    kept = []
    for _ in range(mebibytes):
        kept.append(b"\x01" * (1024 * 1024))
        time.sleep(0.002)


def do_raise(value: object) -> None:
    raise UnpicklableError


def do_system_exit(value: object) -> None:
    sys.exit(0)


def do_interrupt(value: object) -> None:
    raise KeyboardInterrupt


def do_return_lock(value: object) -> object:
    import threading

    return threading.Lock()


def do_shout(mebibytes: int) -> int:
    line = b"x" * (1024 * 1024)
    for _ in range(mebibytes):
        os.write(1, line)
        os.write(2, line)
    return mebibytes


def do_fail_once(path: str) -> str:
    """Fail with an I/O error the first time, succeed the second."""
    marker = Path(path)
    if marker.exists():
        return "second"
    marker.touch()
    raise OSError(5, "Input/output error")


def do_crash_once(path: str) -> str:
    marker = Path(path)
    if marker.exists():
        return "second"
    marker.touch()
    os._exit(3)


def do_threads(value: object) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}


def do_ignores_term(value: object) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
