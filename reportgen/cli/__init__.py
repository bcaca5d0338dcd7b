"""The command line: parses, calls the API, prints. No logic lives here.

``app.py`` declares the commands, ``console.py`` prints. Both import the rest of the program only
inside functions, so that ``reportgen --help`` answers at once.
"""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line of this process; what reads a pipe gets each line at once."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    from reportgen.cli.app import app

    app(prog_name="reportgen")
