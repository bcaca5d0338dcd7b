"""``reportgen quarto`` from end to end: numbers if there are none yet, sources, and the program where it is wanted.

Where the program is missing the sources are still written, so that they can be rendered elsewhere; only ``--render``
makes its absence an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.request import Request
from reportgen.batch.state.outcome import Progress, RunResult
from reportgen.errors import EnvironmentMissing, NothingSelectedError
from reportgen.publish.quarto.program import Rendered, find_quarto, render_project
from reportgen.publish.quarto.sources import FOLDER, Sources, choose_formats, write_sources
from reportgen.settings.sections import Settings

_PAGE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuartoRun:
    """What ``reportgen quarto`` did."""

    sources: Sources
    built: RunResult | None = None
    """The run that made the numbers, where there were none."""
    rendered: Rendered | None = None
    program: str = ""
    """What was found of the program, in words."""

    @property
    def exit_code(self) -> int:
        """1 if a market or a page failed, else 0."""
        parts = (self.sources.exit_code, self.built.exit_code if self.built else 0)
        return max(*parts, self.rendered.exit_code if self.rendered else 0)


def run_quarto(
    settings: Settings,
    root: Path,
    folder: Path | None,
    request: Request,
    *,
    to: Sequence[str],
    render: bool = False,
    progress: Progress | None = None,
) -> QuartoRun:
    """Write the project and, if asked, render it; see :func:`reportgen.api.quarto`."""
    formats = choose_formats(",".join(to))
    project = folder or root / settings.run.out / FOLDER

    def write(progress: Progress | None) -> Sources:
        return write_sources(settings, root, project, request, formats=formats, progress=progress)

    built = None
    try:
        sources = write(progress)
    except NothingSelectedError as error:
        if error.code != "nothing-built":
            raise
        built = _numbers(settings, root, request, progress)
        sources = write(None)  # every market has been counted once; drawing is the small part
    if not render:
        return QuartoRun(sources=sources, built=built, program=_program())
    try:
        program = find_quarto()
    except EnvironmentMissing as error:
        raise EnvironmentMissing(f"{error.message} The sources are ready in {project}.", code=error.code) from None
    rendered = render_project(project, program, page_seconds=settings.run.timeout or _PAGE_SECONDS, force=request.force)
    words = f"quarto {program.version} ({program.path})"
    return QuartoRun(sources=sources, built=built, rendered=rendered, program=words)


def _numbers(settings: Settings, root: Path, request: Request, progress: Progress | None) -> RunResult:
    """Estimate the markets that are asked for, without any document."""
    from reportgen.batch.run import build

    report = settings.report.model_copy(update={"formats": ("results",)})
    return build(settings.model_copy(update={"report": report}), root, request, progress=progress)


def _program() -> str:
    try:
        found = find_quarto()
    except EnvironmentMissing as error:
        return error.message
    return f"quarto {found.version} ({found.path})"
