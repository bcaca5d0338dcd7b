"""The command line: parses, calls the API, prints. No logic lives here.

``app.py`` declares the commands, ``console.py`` prints. Both import the rest of the program only
inside functions, so that ``reportgen --help`` answers at once.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line of this process."""
    from reportgen.cli.app import app

    app(prog_name="reportgen")
