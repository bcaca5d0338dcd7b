"""Options that several commands share, and what they read from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.completing import complete_formats

state = {"debug": False, "events": False, "quiet": False, "verbose": False}
"""What holds for the whole process."""


def start_afresh() -> None:
    """Forget what an earlier command of this process asked for."""
    state.update(dict.fromkeys(state, False))


def set_debug(value: bool) -> None:
    """Show tracebacks from now on."""
    state["debug"] = value


def set_quiet(value: bool) -> None:
    """Print warnings and failures only."""
    state["quiet"] = value


def set_verbose(value: bool) -> None:
    """Print every stage and row, and why a market is built."""
    state["verbose"] = value


def set_log_format(value: str) -> str:
    """Write everything on standard error as events from now on, or as text."""
    state["events"] = value == "json"
    return value


Debug = Annotated[bool, typer.Option("--debug", help="Show Python tracebacks.", callback=set_debug)]
Project = Annotated[
    Path, typer.Option("--project", "-C", metavar="FOLDER", help="Folder with reportgen.toml.", show_default="here")
]
Data = Annotated[
    str | None, typer.Argument(metavar="DATA", help="Table to read instead of panel.source.", show_default=False)
]
Out = Annotated[
    str | None, typer.Option("--out", metavar="FOLDER", help="Output folder or address instead of run.out.")
]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="LIST", help="Only these markets: codes, globs, status:failed; comma list."),
]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="LIST", help="Not these markets; as --select.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", min=0, help="Worker processes; 0: one per core.")
]
Formats = Annotated[
    str | None,
    typer.Option(
        "--formats",
        metavar="LIST",
        help="html,pdf,brief,xlsx,pptx,quarto: added to what is there. results: numbers only.",
        autocompletion=complete_formats,
    ),
]
Only = Annotated[bool, typer.Option("--only", help="Remove documents of other formats than --formats names.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="Seconds a market may take; 0: no limit.")
]
Memory = Annotated[
    int | None, typer.Option("--memory", metavar="MIB", min=0, help="MiB a market may take; 0: no limit.")
]
Force = Annotated[bool, typer.Option("--force", help="Build markets that are up to date as well.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Print what would be built and why; write nothing.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Start no more markets after the first failure.")]
MaxFailures = Annotated[
    int, typer.Option("--max-failures", metavar="N", min=0, help="Start no more after this many; 0: never stop.")
]
ShardOption = Annotated[
    str, typer.Option("--shard", metavar="I/N", help="Build part i of n, i/n, for `reportgen merge`.")
]
Scheduler = Annotated[
    str, typer.Option("--scheduler", metavar="ADDRESS", help="Build on a Dask cluster: tcp://host:port or tls://...")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting: --set model.response=log.")
]
LogFormat = Annotated[
    str,
    typer.Option(
        "--log-format",
        metavar="text|json",
        help="text, or json: one event per line.",
        callback=set_log_format,
        autocompletion=lambda: ["text", "json"],
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and failures only.", callback=set_quiet)]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print each stage, why a market is built, and every row.", callback=set_verbose
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def parse_overrides(pairs: Sequence[str] | None) -> dict[str, str]:
    """Return ``section.key`` → text of every ``--set section.key=value``."""
    split = [pair.partition("=") for pair in pairs or ()]
    for key, equals, _ in split:
        if not equals or "." not in key:
            raise typer.BadParameter(f"{key}: write --set section.key=value, e.g. --set model.response=log")
    return {key.strip(): value for key, _, value in split}
