"""The commands and their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from reportgen.cli import checking, completing, configuration, designing, sharing, streams, templates
from reportgen.cli.departing import DropGone, asker
from reportgen.cli.group import Group, in_plain_words
from reportgen.cli.options import (
    Data,
    Debug,
    DryRun,
    Exclude,
    FailFast,
    Force,
    Formats,
    Jobs,
    Json,
    LogFormat,
    MaxFailures,
    Memory,
    Only,
    Out,
    Project,
    Quiet,
    Scheduler,
    Select,
    Set,
    ShardOption,
    Timeout,
    Verbose,
    parse_overrides,
    start_afresh,
    state,
)
from reportgen.errors import ReportgenError

_UNEXPECTED = (
    "Something unexpected happened ({kind}: {text}). Run the command again with --debug and report what it prints."
)


class _Commands(Group):
    """All commands; the one place where errors become messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ReportgenError as error:
            from reportgen.cli import console

            _trace()
            console.error(error.message)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted.\n")
            raise typer.Exit(130) from None
        # ``| head`` has seen enough. Closed, so that Python, which flushes at its end, has nowhere to complain.
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(1) from None
        except (typer.Exit, typer.Abort):
            raise
        except OSError as error:
            if not streams.output_is_lost():
                _unexpected(error)
            streams.say_output_is_lost(error)
            raise typer.Exit(7) from None
        except Exception as error:
            if hasattr(error, "exit_code"):  # a usage error of Typer's own, which prints it
                in_plain_words(error)
                raise
            _unexpected(error)


def _unexpected(error: Exception) -> NoReturn:
    _trace()
    sys.stderr.write(_UNEXPECTED.format(kind=type(error).__name__, text=str(error)[:300]) + "\n")
    raise typer.Exit(1) from None


def _trace() -> None:
    if state["debug"]:
        import traceback

        traceback.print_exc()


app = typer.Typer(
    cls=_Commands,
    help="Promotion-impact reports for every market, from one table of sales and promotion.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    # Plain help, and our own words for errors: Typer's tracebacks show the values of variables.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


app.add_typer(templates.app, name="templates")
app.add_typer(configuration.app, name="config")


def _version(value: bool) -> None:
    if value:
        from reportgen.version import __version__

        sys.stdout.write(f"reportgen {__version__}\n")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Promotion-impact reports for every market, from one table of sales and promotion."""
    start_afresh()


@app.command()
def build(
    data: Data = None,
    project: Project = Path(),
    out: Out = None,
    select: Select = None,
    exclude: Exclude = None,
    jobs: Jobs = None,
    formats: Formats = None,
    only: Only = False,
    drop_gone: DropGone = False,
    timeout: Timeout = None,
    memory: Memory = None,
    force: Force = False,
    dry_run: DryRun = False,
    fail_fast: FailFast = False,
    max_failures: MaxFailures = 0,
    shard: ShardOption = "",
    scheduler: Scheduler = "",
    set_: Set = None,
    log_format: LogFormat = "text",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Build the reports of every market that is not up to date, and the overview."""
    from reportgen.batch.request import Request, parse_shard
    from reportgen.cli import console
    from reportgen.project import verbs

    settings, root = verbs.open_project(
        project,
        data=data,
        out=out,
        jobs=jobs,
        formats=formats,
        timeout=timeout,
        memory=memory,
        overrides=parse_overrides(set_),
    )
    request = Request(
        select=select or (),
        exclude=exclude or (),
        only=only,
        drop_gone=drop_gone,
        confirm=asker(),
        force=force,
        dry_run=dry_run,
        fail_fast=fail_fast,
        max_failures=max_failures,
        shard=parse_shard(shard),
        scheduler=scheduler,
    )
    progress = console.choose_progress(_log_format(log_format))
    _finish(verbs.build_project(settings, root, request, progress=progress), settings)


@app.command()
def render(
    project: Project = Path(),
    out: Out = None,
    select: Select = None,
    exclude: Exclude = None,
    jobs: Jobs = None,
    formats: Formats = None,
    only: Only = False,
    locale: Annotated[str | None, typer.Option("--locale", help="Language and number format, e.g. de_DE.")] = None,
    set_: Set = None,
    log_format: LogFormat = "text",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Make the documents again from results.json, without data and without fitting."""
    from reportgen.batch.request import Request
    from reportgen.cli import console
    from reportgen.project import verbs

    overrides = parse_overrides(set_)
    if locale is not None:
        overrides["report.locale"] = locale
    settings, root = verbs.open_project(project, out=out, jobs=jobs, formats=formats, overrides=overrides)
    request = Request(select=select or (), exclude=exclude or (), only=only)
    progress = console.choose_progress(_log_format(log_format))
    _finish(verbs.render_project(settings, root, request, progress=progress), settings)


@app.command()
def quarto(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of the Quarto project.", show_default="<run.out>/quarto")
    ] = None,
    project: Project = Path(),
    out: Out = None,
    select: Select = None,
    exclude: Exclude = None,
    render_: Annotated[bool, typer.Option("--render", help="Run the program quarto on what changed.")] = False,
    to: Annotated[str, typer.Option("--to", help="Formats of the pages: html, typst, pdf.")] = "html,typst",
    jobs: Jobs = None,
    timeout: Timeout = None,
    force: Force = False,
    set_: Set = None,
    log_format: LogFormat = "text",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Write the reports as a Quarto project; --render makes the site and PDFs where quarto is installed."""
    from reportgen import api
    from reportgen.cli import console

    run = api.quarto(
        project,
        folder,
        out=out,
        select=select or (),
        exclude=exclude or (),
        to=to.split(","),
        render=render_,
        jobs=jobs,
        timeout=timeout,
        force=force,
        overrides=parse_overrides(set_),
        progress=console.choose_progress(_log_format(log_format)),
    )
    sharing.show_quarto(run, debug=state["debug"])
    raise typer.Exit(run.exit_code)


@app.command()
def merge(
    project: Project = Path(), out: Out = None, drop_gone: DropGone = False, set_: Set = None, debug: Debug = False
) -> None:
    """Join the parts that `build --shard i/n` made into one output folder with its overview."""
    from reportgen.batch.request import Request
    from reportgen.cli import console
    from reportgen.project import verbs

    settings, root = verbs.open_project(project, out=out, overrides=parse_overrides(set_))
    request = Request(drop_gone=drop_gone, confirm=asker())
    progress = console.QuietProgress()
    _finish(verbs.merge_project(settings, root, request, progress=progress), settings)


app.command()(sharing.mail)
app.command()(sharing.preview)
app.command()(completing.completion)
app.command()(designing.design)
app.command()(designing.rehearse)
app.command()(checking.compare)


@app.command()
def check(
    data: Data = None,
    project: Project = Path(),
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a data page of all that to FILE.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let --html replace a file that is no data page of reportgen.")
    ] = False,
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check the table against the data contract, and foresee what a build will do; write nothing but --html."""
    from reportgen.cli import console
    from reportgen.project import verbs

    settings, root = verbs.open_project(project, data=data, overrides=parse_overrides(set_))
    page = None if html is None else html.absolute()
    report = verbs.check_project(settings, root, page=page, overwrite=overwrite)
    if as_json:
        console.say_json(report.plain())
    else:
        checking.show_check(report, settings)
        if html is not None:
            console.say(f"Open {html}")
    raise typer.Exit(report.exit_code)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new project.")],
    data: Annotated[
        str | None, typer.Option("--data", help="Your table: reportgen.toml is written for its columns.")
    ] = None,
    recipe: Annotated[
        str,
        typer.Option("--recipe", help="Files to run it monthly: cron,systemd,github,docker,slurm,kubernetes,airflow."),
    ] = "",
    set_: Set = None,
    debug: Debug = False,
) -> None:
    """Start a project: a commented reportgen.toml for your data (or sample data), a folder for template overrides."""
    from reportgen.cli import console, starting
    from reportgen.project import verbs

    if set_ and data is None:
        raise typer.BadParameter("--set goes with --data; without it, change the values in reportgen.toml")
    start = verbs.init_project(folder, data, parse_overrides(set_), recipe=recipe, ask=starting.asker())
    for path in start.written:
        console.say(f"wrote {path}")
    for path in start.kept:
        console.note(f"{path} is there already and stays as it is.")
    starting.show_start(folder, start.proposal, recipes=bool(recipe))


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder of the demo project.")] = Path("reportgen-demo"),
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="saturating, channels or experiment: one market each.")
    ] = "",
    jobs: Jobs = None,
    formats: Formats = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Write the demo project and build it: 10 markets; again after an interruption, it goes on."""
    from reportgen.batch.request import Request
    from reportgen.cli import console
    from reportgen.project import verbs

    settings, root = verbs.open_demo(folder, kind=kind, jobs=jobs, formats=formats)
    result = verbs.build_project(settings, root, Request(), progress=console.choose_progress("text"))
    _finish(result, settings)


@app.command()
def doctor(project: Project = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Say what is missing on this machine and how to get it."""
    from dataclasses import asdict

    from reportgen import api
    from reportgen.cli import console

    probes = api.doctor(project)
    if as_json:
        console.say_json([asdict(probe) for probe in probes])
    else:
        console.show_doctor(probes)
    raise typer.Exit(7 if any(probe.state == "missing" for probe in probes) else 0)


def _finish(result: Any, settings: Any) -> None:
    from reportgen.cli import console

    report = settings.report
    console.show_run(result, locale=report.locale, currency=report.currency, debug=state["debug"])
    raise typer.Exit(result.exit_code)


def _log_format(value: str) -> str:
    if value not in {"text", "json"}:
        raise typer.BadParameter(f"--log-format is text or json, not {value}")
    return value
