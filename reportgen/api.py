"""The Python API: the same verbs as the commands, with the same meaning.

::

    result = reportgen.build("my-project", select=["PL-*"])
    result.exit_code, result.index, [m.market for m in result.markets]

Every name of ``__all__`` is one of :mod:`reportgen`. Analyses without files are ``notebook/verbs.py``; what commands
share around a verb is ``project/verbs.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.request import Request, parse_shard
from reportgen.project import verbs
from reportgen.settings.sections import SETTINGS_FILE, Settings

if TYPE_CHECKING:
    from threading import Event

    import pandas as pd

    from reportgen.batch.state.outcome import Progress, RunResult
    from reportgen.project.checking import CheckReport
    from reportgen.project.comparing import Comparison
    from reportgen.project.designing import DesignReport
    from reportgen.project.doctor import Probe
    from reportgen.project.rehearsing import RehearsalReport
    from reportgen.publish.mail import MailResult
    from reportgen.publish.quarto.run import QuartoRun

__all__ = [
    "build", "check", "compare", "demo", "design", "doctor", "init", "load_settings", "mail", "merge", "preview",
    "quarto", "rehearse", "render",
]  # fmt: skip


def load_settings(project: str | Path = ".", *, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read a project's settings: overrides > environment > reportgen.toml > defaults.

    Raises
    ------
    ConfigError
        If a key is unknown or a value does not fit; names the key and the nearest match.
    """
    return verbs.open_project(Path(project), overrides=overrides)[0]


def build(
    project: str | Path = ".", *, data: pd.DataFrame | str | Path | None = None, out: str | Path | None = None,
    select: Sequence[str] = (), exclude: Sequence[str] = (), formats: Sequence[str] | None = None,
    jobs: int | None = None, timeout: float | None = None, memory: int | None = None, only: bool = False,
    drop_gone: bool = False, force: bool = False, dry_run: bool = False, fail_fast: bool = False,
    max_failures: int = 0, shard: str = "", scheduler: str = "", overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> RunResult:  # fmt: skip
    """Build every selected market that is not up to date, and the site over all markets.

    Parameters
    ----------
    project
        Folder with reportgen.toml (which may be missing if the columns have the default names).
    data, out
        Table to read and folder to write, instead of ``panel.source`` and ``run.out``; relative
        paths start from the current folder. A pandas data frame is kept as ``.reportgen/dataframe.parquet``.
    select, exclude
        Market codes, globs, or ``status:failed``.
    formats
        Some of html, pdf, brief, xlsx, pptx, quarto, added to what is there; or only ``results``. By default
        ``report.formats``, without PDF where this machine cannot make it.
    only
        Remove documents of other formats.
    drop_gone
        Take reports of markets that the data no longer have off the site, however many (``run.gone_share``).
    shard
        ``"2/8"``: build only this part, in a folder of its own below ``out``; join the parts by :func:`merge`.
    scheduler
        Address of a Dask scheduler, e.g. ``"tcp://host:8786"``; its workers must see the same folders.
    overrides
        Other settings, e.g. ``{"model.response": "log"}``.

    Raises
    ------
    ReportgenError
        If the run cannot start (settings, input, lock, nothing selected). A market that fails is
        an outcome with its code and message, and ``exit_code`` 1.
    """
    settings, root = verbs.open_project(
        Path(project), data=data, out=out, formats=formats, jobs=jobs, timeout=timeout, memory=memory,
        overrides=overrides,
    )  # fmt: skip
    request = Request(
        select=select, exclude=exclude, only=only, drop_gone=drop_gone, force=force, dry_run=dry_run,
        fail_fast=fail_fast, max_failures=max_failures, shard=parse_shard(shard), scheduler=scheduler,
    )  # fmt: skip
    return verbs.build_project(settings, root, request, progress=progress)


def merge(
    project: str | Path = ".",
    *,
    out: str | Path | None = None,
    drop_gone: bool = False,
    overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Join the shards of a run (``build(shard="i/n")`` for every i) into one output folder with its site.

    Raises
    ------
    UsageError
        If a shard is missing or has not finished.
    InputError
        If a shard is damaged.
    """
    settings, root = verbs.open_project(Path(project), out=out, overrides=overrides)
    return verbs.merge_project(settings, root, Request(drop_gone=drop_gone), progress=progress)


def render(
    project: str | Path = ".", *, out: str | Path | None = None, select: Sequence[str] = (),
    exclude: Sequence[str] = (), formats: Sequence[str] | None = None, jobs: int | None = None, only: bool = False,
    overrides: Mapping[str, object] | None = None, progress: Progress | None = None,
) -> RunResult:  # fmt: skip
    """Make the documents of every selected market again from its results.json, and the site.

    Neither the data nor the model is needed: another language, brand or format is one call.
    Parameters and errors are those of :func:`build`.
    """
    settings, root = verbs.open_project(Path(project), out=out, formats=formats, jobs=jobs, overrides=overrides)
    request = Request(select=select, exclude=exclude, only=only)
    return verbs.render_project(settings, root, request, progress=progress)


def quarto(
    project: str | Path = ".", folder: str | Path | None = None, *, out: str | Path | None = None,
    select: Sequence[str] = (), exclude: Sequence[str] = (), to: Sequence[str] = ("html", "typst"),
    render: bool = False, jobs: int | None = None, timeout: float | None = None, force: bool = False,
    overrides: Mapping[str, object] | None = None, progress: Progress | None = None,
) -> QuartoRun:  # fmt: skip
    """Write the reports of a run as a Quarto project, and render it with the program ``quarto``.

    Parameters
    ----------
    folder
        Where the Quarto project goes; ``quarto`` in the output folder by default.
    to
        Formats that the pages declare: some of html, typst, pdf.
    render
        Run the program as well.
    force
        Write and render pages that are up to date too.

    Raises
    ------
    ReportgenError
        If nothing can start; ``EnvironmentMissing`` where ``render`` is asked for without the program, after the
        sources were written. A page that fails is part of the result, and ``exit_code`` 1.
    """
    from reportgen.publish.quarto.run import run_quarto
    from reportgen.publish.staging import local_only

    settings, root = verbs.open_project(Path(project), out=out, jobs=jobs, timeout=timeout, overrides=overrides)
    place = Path(folder).absolute() if folder is not None else None
    request = Request(select=select, exclude=exclude, force=force)
    return run_quarto(local_only(settings, "quarto"), root, place, request, to=to, render=render, progress=progress)


def mail(
    project: str | Path = ".",
    *,
    out: str | Path | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    dry_run: str | Path | None = None,
    again: bool = False,
    overrides: Mapping[str, object] | None = None,
) -> MailResult:
    """Send brief.pdf of every complete market to the people that ``[mail]`` names for it.

    Parameters
    ----------
    dry_run
        Folder to write the messages to as .eml files instead of sending them.
    again
        Send what was sent before, too.

    Raises
    ------
    ReportgenError
        If nothing can be sent (settings, server, certificate, login, nothing built). What the server refuses is
        part of the result, and ``exit_code`` 1.
    """
    from reportgen.publish.mail_run import mail_project

    settings, root = verbs.open_project(Path(project), out=out, overrides=overrides)
    folder = None if dry_run is None else Path(dry_run)
    return mail_project(settings, root, Request(select=select, exclude=exclude), dry_run=folder, again=again)


def preview(
    project: str | Path = ".", *, port: int | None = None, out: str | Path | None = None,
    formats: Sequence[str] | None = None, build: bool = True, overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None, ready: Callable[[str], None] | None = None,
    built: Callable[[RunResult], None] | None = None, stop: Event | None = None,
) -> int:  # fmt: skip
    """Serve the site on 127.0.0.1, build again and reload on change, until Ctrl-C; return the exit code.

    Parameters
    ----------
    port
        To listen on; 8000 or the next free one by default, 0 for any.
    build
        False: serve what is there.
    ready, built
        Called with the address once it answers, and with the result of each build.
    stop
        Ends the preview when set.

    Raises
    ------
    EnvironmentMissing
        If the port is taken. A build that fails is shown on the page.
    """
    from reportgen.publish.preview.watch import Watch
    from reportgen.publish.preview.watch import preview as run_preview
    from reportgen.publish.staging import local_only

    def load() -> tuple[Settings, Path]:
        settings, root = verbs.open_project(Path(project), out=out, formats=formats, overrides=overrides)
        return local_only(settings, "preview"), root

    watch = Watch(
        load=load, settings_file=verbs.project_folder(Path(project)) / SETTINGS_FILE, build=build, progress=progress
    )
    return run_preview(watch, port=port, ready=ready, built=built, stop=stop)


def check(
    project: str | Path = ".",
    *,
    data: pd.DataFrame | str | Path | None = None,
    html: str | Path | None = None,
    overwrite: bool = False,
    overrides: Mapping[str, object] | None = None,
) -> CheckReport:
    """Check the table against the data contract, and foresee what a build will do with each market.

    Parameters
    ----------
    html
        File for a data page of all that; nothing else is written. A file that is no data page of ours stays, unless
        ``overwrite``.

    Raises
    ------
    ReadError
        If the file cannot be read as a table at all.
    """
    settings, root = verbs.open_project(Path(project), data=data, overrides=overrides)
    page = None if html is None else Path(html).absolute()
    return verbs.check_project(settings, root, page=page, overwrite=overwrite)


def compare(first: str | Path, second: str | Path) -> Comparison:
    """Why answers changed from one run to another, from their results alone: no table is read, nothing is fitted.

    Parameters
    ----------
    first, second
        Output folders, folders of one market each, or files ``results.json``; the earlier one first.

    Returns
    -------
    Comparison
        A change for every market: effect kept up and incremental sales before and now, whether within noise, and parts
        by cause that add up to the change.

    Raises
    ------
    InputError
        If there are no results, or they cannot be read.
    """
    from reportgen.project.comparing import compare_runs

    return compare_runs(Path(first), Path(second))


def init(
    folder: str | Path,
    *,
    data: str | Path | None = None,
    recipe: str = "",
    overrides: Mapping[str, object] | None = None,
) -> tuple[Path, ...]:
    """Write a new project: settings with comments, a folder for template overrides, and sample data or your own.

    Parameters
    ----------
    data
        Table to write the settings for: file, folder of Parquet or address. Its columns decide ``panel.*``; what
        could not be found or was guessed is said in the file.
    recipe
        Comma list of what is to run the project every month: cron, systemd, github, docker, slurm, kubernetes,
        airflow. May be given for a project that exists; its files stay.
    overrides
        Settings that the file is to have, e.g. ``{"report.currency": "EUR"}``; only with ``data``.

    Raises
    ------
    UsageError
        If the folder already holds a reportgen.toml, or a recipe is unknown.
    ReadError
        If ``data`` cannot be read as a table; nothing is written then.
    """
    return verbs.init_project(Path(folder), None if data is None else str(data), overrides, recipe=recipe).written


def demo(
    folder: str | Path = "reportgen-demo",
    *,
    kind: str = "",
    jobs: int | None = None,
    formats: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Write the demo project and build it: 10 synthetic markets with known truth, or one market of a ``kind``
    (saturating, channels, experiment).
    """
    settings, root = verbs.open_demo(Path(folder), kind=kind, jobs=jobs, formats=formats)
    return verbs.build_project(settings, root, Request(), progress=progress)


def design(
    project: str | Path = ".", *, data: pd.DataFrame | str | Path | None = None, market: str = "",
    pharmacies: int | None = None, periods: int = 6, dose: float | None = None, channel: str = "",
    power: float = 0.8, seed: int | None = None,
    file: str | Path | None = None, overwrite: bool = False, overrides: Mapping[str, object] | None = None,
) -> DesignReport:  # fmt: skip
    """Draw pharmacies for an experiment in one market, and tell the smallest effect that ``periods`` would show.

    Parameters
    ----------
    pharmacies, dose, seed
        How many take part (by default all that sell until the end of the record), units of promotion more a period
        in one arm (half of the usual), another draw than that of ``run.seed``.
    file
        CSV of who gets more, ``design-<market>.csv`` in the project by default; one that is there stays, unless
        ``overwrite``.

    Raises
    ------
    UsageError
        If market, channel or number of pharmacies do not exist, or the file is there.
    InputError
        If the market gets no estimate, or too few pharmacies sell until the end.
    """
    from reportgen.project.designing import design_experiment

    settings, root = verbs.open_project(Path(project), data=data, overrides=overrides)
    return design_experiment(
        settings, root, market=market, pharmacies=pharmacies, periods=periods, dose=dose, channel=channel, power=power,
        seed=seed, file=None if file is None else Path(file).absolute(), overwrite=overwrite,
    )  # fmt: skip


def rehearse(
    markets: str | Sequence[str] = (), project: str | Path = ".", *, panels: int = 100,
    overrides: Mapping[str, object] | None = None,
) -> RehearsalReport:  # fmt: skip
    """Draw panels with known effect from markets' own promotion and fit, and count how often the truth is found.

    Raises
    ------
    NothingSelectedError
        If no market matches ``markets`` (codes, globs; all if none).
    """
    from reportgen.project.rehearsing import rehearse_project

    settings, root = verbs.open_project(Path(project), overrides=overrides)
    chosen = (markets,) if isinstance(markets, str) else tuple(markets)
    return rehearse_project(settings, root, markets=chosen, panels=panels)


def doctor(project: str | Path = ".") -> tuple[Probe, ...]:
    """Look at what this machine has and lacks for building reports."""
    from reportgen.project.doctor import examine
    from reportgen.publish.staging import FOLDER
    from reportgen.publish.storage import is_remote

    settings, root = verbs.open_project(Path(project))
    return examine(root / (FOLDER if is_remote(settings.run.out) else settings.run.out))
