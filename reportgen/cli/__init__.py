"""The command line: parses, calls the API, prints. No logic lives here.

``app.py`` declares the commands, ``console.py`` prints. Both import the rest of the program only
inside functions, so that ``reportgen --help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command line of this process; what reads a pipe gets each line at once.

    Where nobody listens (standard output or error are closed, as under some schedulers) the words go nowhere and the
    work is done. Where standard output cannot take them (its disk is full) the exit code is 7, one line on standard
    error says so, and what was built stays complete.
    """
    _replace_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        encoding, errors = sys.stdout.encoding, sys.stdout.errors
        sys.stdout = _Output(sys.stdout.detach(), encoding=encoding, errors=errors)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    from reportgen.cli.app import app

    try:
        app(prog_name="reportgen")
    except OSError as error:
        if not output_is_lost():
            raise
        say_output_is_lost(error)
        sys.exit(7)


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
    """Say it on standard error, and give up what waits to be printed: Python would try again at its end."""
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    sys.stderr.write(f"Standard output cannot be written to: {error.strerror}. Files that were made are complete.\n")
