"""What the commands and the Python API share: a project opened once, then built, rendered, merged or checked.

The functions take settings that are already loaded, so that a caller can look at them first. Names in here are for
``api.py`` and the command line and may change; the public ones are those of :mod:`reportgen`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import UsageError
from reportgen.settings.sections import SETTINGS_FILE, Settings

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.batch.request import Request
    from reportgen.batch.state.outcome import Progress, RunResult
    from reportgen.project.checking import CheckReport
    from reportgen.project.proposal import Proposal
    from reportgen.project.start import NewProject
    from reportgen.settings.read import SettingRow


def list_settings(
    project: str | Path = ".", *, overrides: Mapping[str, object] | None = None
) -> tuple[SettingRow, ...]:
    """Return every setting of a project with its value, where it came from, its default and what it means.

    Raises
    ------
    ConfigError
        As for :func:`load_settings`.
    """
    import os

    from reportgen.settings.read import list_settings as list_rows
    from reportgen.settings.read import load_settings as load

    return list_rows(load(project_folder(Path(project)) / SETTINGS_FILE, overrides=overrides, environ=os.environ))


def project_folder(project: Path) -> Path:
    """Return the folder of a project, from the root.

    Raises
    ------
    UsageError
        If there is no such folder.
    """
    if project.is_file():
        raise UsageError(
            f"{project} is a file: name the folder of reportgen.toml; a table is named without -C.", code="no-project"
        )
    if not project.is_dir():
        raise UsageError(
            f"{project}: there is no such folder. `reportgen init {project}` starts a project there.", code="no-project"
        )
    return project.absolute()


def open_project(
    project: Path,
    *,
    data: pd.DataFrame | str | Path | None = None,
    out: str | Path | None = None,
    formats: str | Sequence[str] | None = None,
    jobs: int | None = None,
    timeout: float | None = None,
    memory: int | None = None,
    overrides: Mapping[str, object] | None = None,
) -> tuple[Settings, Path]:
    """Return the settings of a project, options applied, and the folder its paths start from."""
    import os

    from reportgen.settings.read import load_settings as load

    given: dict[str, object] = dict(overrides or {})
    root = project_folder(project)
    if data is not None and not isinstance(data, str | Path):
        data = kept_frame(data, root)
    options = {
        "panel.source": _from_here(data),
        "run.out": _from_here(out),
        "report.formats": formats if formats is None or isinstance(formats, str) else ",".join(formats),
        "run.jobs": jobs,
        "run.timeout": timeout,
        "run.memory": memory,
    }
    given |= {key: value for key, value in options.items() if value is not None}
    return load(root / SETTINGS_FILE, overrides=given, environ=os.environ).settings, root


def build_project(
    settings: Settings,
    root: Path,
    request: Request,
    *,
    progress: Progress | None = None,
) -> RunResult:
    """Build with settings that are already loaded; see :func:`build`."""
    if not request.dry_run:
        from reportgen.batch.workers.warm_up import warm_up_first_run

        # First of all: the workers then load while this process imports what it needs itself.
        warm_up_first_run(settings, root)
    from reportgen.batch.run import build as run_build
    from reportgen.publish.staging import local_only, run_in_staging

    if request.shard is not None:
        local_only(settings, "--shard")

    def work(local: Settings) -> RunResult:
        return run_build(local, root, request, progress=progress)

    return run_in_staging(settings, root, work, dry_run=request.dry_run, progress=progress)


def render_project(
    settings: Settings,
    root: Path,
    request: Request,
    *,
    progress: Progress | None = None,
) -> RunResult:
    """Render with settings that are already loaded; see :func:`render`."""
    from reportgen.batch.run import render as run_render
    from reportgen.publish.staging import run_in_staging

    def work(local: Settings) -> RunResult:
        return run_render(local, root, request, progress=progress)

    return run_in_staging(settings, root, work, progress=progress)


def merge_project(
    settings: Settings, root: Path, request: Request | None = None, *, progress: Progress | None = None
) -> RunResult:
    """Merge with settings that are already loaded; see :func:`merge`."""
    from reportgen.batch.merge import merge as merge_shards
    from reportgen.publish.staging import local_only

    return merge_shards(local_only(settings, "merge"), root, request, progress=progress)


def check_project(settings: Settings, root: Path, *, page: Path | None = None, overwrite: bool = False) -> CheckReport:
    """Check with settings that are already loaded; see :func:`check`."""
    from reportgen.project.checking import check_table

    return check_table(settings, root, page=page, overwrite=overwrite)


def init_project(
    folder: Path,
    data: str | None,
    overrides: Mapping[str, object] | None = None,
    *,
    recipe: str = "",
    ask: Callable[[Proposal], Mapping[str, object]] | None = None,
) -> NewProject:
    """Write a new project, or recipes into one that exists; see :func:`init`."""
    from reportgen.project.start import start_project

    return start_project(folder, data, overrides, recipe=recipe, ask=ask)


def open_demo(
    folder: Path, *, kind: str = "", jobs: int | None = None, formats: str | Sequence[str] | None = None
) -> tuple[Settings, Path]:
    """Write the demo project where it is missing and return its settings and folder."""
    from reportgen.project.start import write_demo

    write_demo(folder, kind)
    return open_project(folder, jobs=jobs, formats=formats)


def kept_frame(frame: pd.DataFrame, root: Path) -> Path:
    """Keep a data frame in a project as a file of its own, so that workers and later runs find it.

    Raises
    ------
    UsageError
        If it is no data frame.
    ReadError
        If it has no rows, or two columns of one name.
    """
    import io

    from reportgen.batch.state.files import write_atomic
    from reportgen.panel.reading.read import typed_columns
    from reportgen.publish.staging import FOLDER

    if type(frame).__name__ != "DataFrame":
        raise UsageError(
            f"data is a {type(frame).__name__}: give a path, an address or a pandas DataFrame.", code="bad-data"
        )
    path = root / FOLDER / "dataframe.parquet"
    content = io.BytesIO()
    typed_columns(frame).to_parquet(content, index=False)
    if not path.is_file() or path.read_bytes() != content.getvalue():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content.getvalue())
    return path


def _from_here(path: str | Path | None) -> str | None:
    if path is None:
        return None
    text = str(path)
    return text if "://" in text else str(Path(text).absolute())
