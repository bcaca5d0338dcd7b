"""What ``reportgen quarto`` prints: what was written, what was rendered, what failed, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.cli import console

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.publish.quarto.program import Rendered
    from reportgen.publish.quarto.run import QuartoRun
    from reportgen.publish.quarto.sources import Sources

_MOST_FAILURES = 20


def show_quarto(run: QuartoRun, *, debug: bool = False) -> None:
    """Print the outcome of a run."""
    for warning in run.sources.warnings:
        console.note(f"Warning: {warning}")
    if run.built is not None and run.built.exit_code:
        for outcome in run.built.markets:
            if outcome.action == "failed":
                console.note(f"{outcome.market}: {outcome.message}")
    _show_sources(run.sources, debug=debug)
    if run.rendered is not None:
        _show_rendered(run.rendered, run.sources.folder)
        return
    folder = console.short(run.sources.folder)
    if run.program.startswith("quarto "):
        console.say(f"Found {run.program}. Now: quarto render {folder}, or this command with --render.")
    else:
        console.say(f"The sources are ready in {folder}. {run.program}")


def _show_sources(sources: Sources, *, debug: bool) -> None:
    for failure in sources.failed[:_MOST_FAILURES]:
        console.note(f"{failure.market or failure.page}: {failure.message}")
        for part in failure.trace.splitlines() if debug else ():
            console.note(f"  {part}")
    _more(len(sources.failed))
    what = f"{sources.drawn} drawn, {sources.markets - sources.drawn} up to date"
    failed = f", {len(sources.failed)} failed" if sources.failed else ""
    console.say(
        f"{sources.markets} markets in {console.short(sources.folder)}: {what}{failed} in {sources.seconds:.1f} s."
    )


def _show_rendered(rendered: Rendered, folder: Path) -> None:
    for failure in rendered.failed[:_MOST_FAILURES]:
        console.note(failure.message)
    _more(len(rendered.failed))
    program = rendered.program
    failed = f", {len(rendered.failed)} failed" if rendered.failed else ""
    console.say(
        f"quarto {program.version} ({program.path}): {len(rendered.done)} pages rendered, "
        f"{rendered.up_to_date} up to date{failed} in {rendered.seconds:.1f} s."
    )
    console.say(f"Open {console.short(folder / '_site' / 'index.html')}")


def _more(count: int) -> None:
    if count > _MOST_FAILURES:
        console.note(f"… and {count - _MOST_FAILURES} more.")
