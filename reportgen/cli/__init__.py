"""The command line: parses, calls the API, prints. No logic lives here.

``app.py`` declares the commands, ``console.py`` prints. Both import the rest of the program only
inside functions, so that ``reportgen --help`` answers at once.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process.

    Where nobody listens (standard output or error are closed, as under some schedulers) the words go nowhere and the
    work is done. Where standard output cannot take them (its disk is full) the exit code is 7, one line on standard
    error says so, and what was built stays complete.
    """
    from reportgen.cli import streams

    streams.open_streams()
    from reportgen.cli import completing
    from reportgen.cli.app import app

    completing.answer_shells()
    try:
        app(prog_name="reportgen")
    except OSError as error:
        if not streams.output_is_lost():
            raise
        streams.say_output_is_lost(error)
        sys.exit(7)
