"""Standard input, output and error of the command line: closed ones, pipes, and a disk that is full."""

from __future__ import annotations

import io
import os
import sys


def open_streams() -> None:
    """Make standard streams that can be written to; what reads a pipe gets each line at once."""
    _replace_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        # Detached first: the old wrapper would close the buffer that the new one writes to.
        encoding, errors = sys.stdout.encoding, sys.stdout.errors
        sys.stdout = _Output(sys.stdout.detach(), encoding=encoding, errors=errors)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)


class _Output(io.TextIOWrapper):
    """Standard output that remembers whether it refused what was written to it."""

    lost = False

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            self.lost = True
            raise


def _replace_closed_streams() -> None:
    """Open what was closed on nothing; descriptors 0 to 2 first, or the next file opened would take their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def output_is_lost() -> bool:
    """Whether standard output refused what was written to it."""
    return isinstance(sys.stdout, _Output) and sys.stdout.lost


def say_output_is_lost(error: OSError) -> None:
    """Say it on standard error, and let what waits to be printed go nowhere: Python would try again at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    sys.stderr.write(f"Standard output cannot be written to: {error.strerror}. Files that were made are complete.\n")
