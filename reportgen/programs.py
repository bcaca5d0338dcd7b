"""Foreign programs: found on PATH, run with a time limit, ended with their children.

What is asked of a program, and what its answer means, is known where it is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reportgen.system import end_group

_KEPT = 256 * 1024
"""Bytes of the end of what a program prints."""
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One run of the program."""

    code: int
    output: str
    timed_out: bool = False


def run_program(command: Sequence[str], folder: Path, seconds: float) -> Ended:
    """Run a program in ``folder`` for at most ``seconds`` and return the end of what it printed."""
    environment = {**os.environ, "NO_COLOR": "1", "QUARTO_LOG_LEVEL": "INFO"}
    try:
        process = subprocess.Popen(
            list(command), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # A session, and so a process group, of its own: its children can be ended with it, and the terminal's
            # Ctrl-C is not theirs.
            env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Ended(code=1, output=f"ERROR: {command[0]}: {error.strerror}")
    kept: deque[bytes] = deque()
    reader = threading.Thread(target=_keep_end, args=(process.stdout, kept), daemon=True)
    reader.start()
    timed_out = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        # The group outlives its leader as long as a child does, and its number is not given to anybody else till then.
        end_group(process.pid)
        process.wait()
    # A child that got away with the pipe open would keep the reader waiting: what is there by now has to do.
    reader.join(5.0)
    output = without_colour(b"".join(kept).decode("utf-8", "replace"))
    return Ended(code=process.returncode, output=output, timed_out=timed_out)


def without_colour(text: str) -> str:
    """Return what a program printed without its terminal colours."""
    return _COLOUR.sub("", text)


def _keep_end(stream: IO[bytes] | None, kept: deque[bytes]) -> None:
    size = 0
    while stream is not None and (part := stream.read1(65536)):  # type: ignore[attr-defined]  # it is a BufferedReader
        kept.append(part)
        size += len(part)
        # Whole parts go from the front: a program may print megabytes of progress, its complaint stands at the end.
        while size - len(kept[0]) > _KEPT:
            size -= len(kept.popleft())
    if stream is not None:
        stream.close()


def find_program(name: str) -> Path | None:
    """Return the absolute path of a program on PATH; never one in the current folder."""
    # An empty part of PATH means the current folder, where a project could have put a program of that name.
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found)
    if not path.is_absolute() or path.resolve().parent == Path.cwd().resolve():
        return None
    return path
