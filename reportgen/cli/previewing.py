"""``reportgen preview``: the site in a browser while somebody works on data, settings or templates."""

from __future__ import annotations

import atexit
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import Debug, Formats, Out, Quiet, Set, parse_overrides

if TYPE_CHECKING:
    from reportgen.batch.state.outcome import RunResult


def preview(
    project: Annotated[Path, typer.Argument(help="Folder with reportgen.toml.", show_default="here")] = Path(),
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0: any.", show_default="first free from 8000")
    ] = None,
    out: Out = None,
    formats: Formats = None,
    no_build: Annotated[bool, typer.Option("--no-build", help="Serve the site that is there.")] = False,
    set_: Set = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve the site on 127.0.0.1; build again and reload when data, settings or templates change."""
    from reportgen import api
    from reportgen.cli import console

    def ready(url: str) -> None:
        console.say(f"Serving {url} (Ctrl-C ends)", always=True)

    code = api.preview(
        project,
        port=port,
        out=out,
        formats=formats.split(",") if formats is not None else None,
        build=not no_build,
        overrides=parse_overrides(set_),
        progress=console.choose_progress("text"),
        ready=ready,
        built=_tell,
    )
    # A second Ctrl-C while Python tidies up would otherwise end it by signal.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    raise typer.Exit(code)


def _tell(result: RunResult) -> None:
    """One line per build."""
    from reportgen.cli import console

    counts = [(result.count("built"), "built"), (result.count("failed"), "failed")]
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"
    console.say(f"{said} in {result.seconds:.1f} s")
