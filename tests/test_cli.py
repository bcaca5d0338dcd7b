"""The commands as a user meets them: exit codes, messages, nothing written where nothing may be."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.cli import main
from reportgen.project import verbs

HEADER = "market,pharmacy,month,sales,promotion"


def table(pharmacies: int = 6, months: int = 12) -> list[str]:
    """A small panel in which promotion varies; sales differ by pharmacy and month."""
    lines = [HEADER]
    for market in ("A", "B"):
        for p in range(pharmacies):
            for m in range(months):
                sales = 1000 + 100 * p + 37 * ((7 * m + 3 * p) % 11) + (50 if market == "B" else 0)
                lines.append(f"{market},{market}{p:02d},2023-{m + 1:02d},{sales},{(m * p + m) % 4}")
    return lines


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write(tmp_path, table())
    return tmp_path


def write(project: Path, lines: list[str]) -> None:
    (project / "data" / "panel.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def process(project: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *arguments],
        cwd=project,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def reportgen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The same command line inside this process, which has everything loaded."""

    def call(project: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(project)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(caught.value.code or 0), said.out, said.err)

    return call


def test_help_answers_at_once(tmp_path: Path) -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process(tmp_path, "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.4


@pytest.mark.parametrize("command", ["build", "render", "check", "init", "demo", "doctor"])
def test_every_command_explains_itself(tmp_path: Path, command: str, reportgen: Program) -> None:
    done = reportgen(tmp_path, command, "--help")
    assert done.returncode == 0
    assert f"reportgen {command}" in done.stdout


def test_version(tmp_path: Path, reportgen: Program) -> None:
    assert reportgen(tmp_path, "--version").stdout == "reportgen 0.1.0\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("bild",),
        ("build", "--jobz", "2"),
        ("build", "-j", "-1"),
        ("build", "--log-format", "xml"),
        ("build", "--set", "lags"),
        ("build", "--select", "status:broken"),
    ],
)
def test_usage_errors_are_two(project: Path, arguments: tuple[str, ...], reportgen: Program) -> None:
    done = reportgen(project, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (project / "out").exists()


def test_a_command_forgets_the_options_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for options in (["--log-format", "json"], []):
        monkeypatch.setattr(sys, "argv", ["reportgen", "build", "-C", str(tmp_path / "nowhere"), *options])
        with pytest.raises(SystemExit):
            main()
        said.append(capsys.readouterr().err)
    assert said[0].startswith("{"), said
    assert said[1].startswith("Error: "), said


BAD_TABLES = {
    "missing column": ([",".join(line.split(",")[:3]) for line in table()], ["panel.csv", "sales"]),
    "bad month": ([*table(), "A,A00,2023-13,100,1"], ["panel.csv", "month", "2023-13", "146"]),
    "bad number": ([*table(), "A,A99,2023-01,many,1"], ["panel.csv", "sales", "many", "146"]),
    "duplicate": ([*table(), table()[1]], ["panel.csv", "A00", "2023-01"]),
    "infinite sales": ([*table(), "A,A99,2023-01,inf,1"], ["panel.csv", "sales", "inf", "146"]),
    "negative sales": ([*table(), "A,A99,2023-01,-5,1"], ["panel.csv", "sales", "-5", "146"]),
    "empty": ([], ["panel.csv"]),
    "header only": ([HEADER], ["panel.csv"]),
}


@pytest.mark.parametrize("name", list(BAD_TABLES))
def test_bad_tables_are_four_with_file_column_and_first_row(project: Path, name: str, reportgen: Program) -> None:
    lines, expected = BAD_TABLES[name]
    write(project, lines)
    for command in ("build", "check"):
        done = reportgen(project, command)
        said = done.stdout + done.stderr
        assert done.returncode == 4, said
        assert "Traceback" not in said
        for word in expected:
            assert word in said, (word, said)
    assert sorted(path.name for path in project.iterdir()) == ["data"]


def test_the_real_program_refuses_a_bad_table_at_once(project: Path) -> None:
    write(project, BAD_TABLES["bad number"][0])
    done = process(project, "build")
    assert done.returncode == 4
    assert done.stderr.startswith("Error: panel.csv: ")
    assert "Traceback" not in done.stderr
    assert not (project / "out").exists()


def test_missing_file_is_four_and_named(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", "no/such.csv")
    assert done.returncode == 4
    assert "such.csv" in done.stderr
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[model]\nlag = [1]\n", "model.lag is not a setting. Did you mean model.lags?"),
        ("[run]\njobs = -1\n", "run.jobs = -1"),
        ("[run\n", "not valid TOML"),
        ("[brand]\nlogo = 'no.svg'\n", "there is no file no.svg"),
    ],
)
def test_bad_settings_are_three_and_named(project: Path, text: str, expected: str, reportgen: Program) -> None:
    (project / "reportgen.toml").write_text(text)
    done = reportgen(project, "build")
    assert done.returncode == 3
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "out").exists()


def test_unknown_environment_setting_is_three(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", REPORTGEN_RUN_JOBZ="2")
    assert (done.returncode, "REPORTGEN_RUN_JOBZ is not a setting" in done.stderr) == (3, True)


def test_nothing_selected_is_five(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", "--select", "Z*")
    assert done.returncode == 5
    assert "There are: A, B" in done.stderr


def test_debug_shows_the_traceback_and_keeps_the_exit_code(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", "--debug", "--select", "Z*")
    assert done.returncode == 5
    assert "Traceback" in done.stderr


def test_an_unexpected_error_is_one_line_and_one(
    project: Path, reportgen: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(verbs, "check_project", fail)
    done = reportgen(project, "check")
    assert (done.returncode, "(ValueError: odd)" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert "Traceback" in reportgen(project, "check", "--debug").stderr


def test_ctrl_c_before_the_build_is_130(project: Path, reportgen: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "build_project", interrupt)
    done = reportgen(project, "build")
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


def test_good_table_passes_the_check(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "check")
    assert done.returncode == 0, done.stdout
    assert not (project / "out").exists()


def test_check_as_json_lists_findings(project: Path, reportgen: Program) -> None:
    write(project, [*table(), "A,A99,2023-01,-5,1"])
    done = reportgen(project, "check", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 4
    assert report["source"] == "panel.csv"
    error = next(finding for finding in report["findings"] if finding["severity"] == "error")
    assert (error["column"], error["count"], error["rows"]) == ("sales", 1, [146])


def test_dry_run_says_why_and_writes_nothing(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", "--dry-run")
    assert done.returncode == 0
    assert "new" in done.stdout
    assert "Nothing was written" in done.stdout
    assert not (project / "out").exists()


def test_build_then_nothing_to_do_then_one_changed(project: Path, reportgen: Program) -> None:
    first = reportgen(project, "build", "--formats", "results")
    assert first.returncode == 0, first.stderr
    assert "2 built" in first.stdout
    assert "[2/2]" in first.stderr
    second = reportgen(project, "build", "--formats", "results")
    assert "Nothing to do: 2 markets are up to date." in second.stdout
    write(project, [line.replace("B,B00,2023-05,", "B,B00,2023-05,1") for line in table()])
    third = reportgen(project, "build", "--formats", "results", "--log-format", "json")
    assert "1 built, 1 up to date" in third.stdout
    events = [json.loads(line) for line in third.stderr.splitlines()]
    assert [(event["market"], event["reason"]) for event in events if event["event"] == "market"] == [
        ("B", "data-changed")
    ]


def test_quiet_says_nothing_of_what_went_well(project: Path, reportgen: Program) -> None:
    fine = reportgen(project, "build", "--formats", "results", "--quiet")
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "", "")
    again = reportgen(project, "build", "--formats", "results", "-q")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    failed = reportgen(project, "build", "--formats", "results", "--quiet", "--force", "--timeout", "0.001")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "A: " in failed.stderr
    assert "--select status:failed" in failed.stderr


def test_verbose_tells_each_stage_and_every_reason(project: Path, reportgen: Program) -> None:
    done = reportgen(project, "build", "--formats", "results", "-v")
    assert "Reading and checking the table" in done.stderr
    assert "A: not-estimable in " in done.stderr
    assert "(new)" in done.stderr


def test_a_long_run_lists_what_needs_a_look_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    from reportgen.batch.state.outcome import Headline, MarketOutcome, RunResult
    from reportgen.cli import console
    from reportgen.cli.options import start_afresh, state

    start_afresh()

    def outcome(k: int) -> MarketOutcome:
        status = "not-estimable" if k == 30 else "ok"
        headline = Headline(
            status=status, verdict="positive", effect=1.0, lower=0.5, upper=1.5, pharmacies=9, rows_used=99
        )
        return MarketOutcome(market=f"M{k:03d}", slug=f"m{k}", action="built", reason="new", headline=headline)

    run = RunResult(out=Path("out"), index=None, markets=tuple(outcome(k) for k in range(120)), seconds=60.0)
    console.show_run(run, locale="en_GB", currency="GBP")
    short = capsys.readouterr().out
    assert "M030" in short
    assert "M031" not in short
    assert "119 more are in the overview" in short
    state["verbose"] = True
    console.show_run(run, locale="en_GB", currency="GBP")
    start_afresh()
    assert capsys.readouterr().out.count("\nM") == 120


def test_init_writes_a_project_that_builds_and_is_never_overwritten(tmp_path: Path, reportgen: Program) -> None:
    done = reportgen(tmp_path, "init", "new")
    assert done.returncode == 0
    assert reportgen(tmp_path / "new", "check").returncode == 0
    again = reportgen(tmp_path, "init", "new")
    assert (again.returncode, "already has" in again.stderr) == (2, True)


def test_doctor_tells_what_there_is(tmp_path: Path, reportgen: Program) -> None:
    done = reportgen(tmp_path, "doctor", "--json")
    probes = {probe["name"]: probe for probe in json.loads(done.stdout)}
    assert done.returncode == 0, probes
    assert {"Python", "Pango", "Fonts", "quarto", "rsvg-convert", "Output folder", "Disk"} <= set(probes)
    assert not (tmp_path / "out").exists()


def test_output_folder_that_cannot_be_written_is_seven(project: Path, reportgen: Program) -> None:
    (project / "blocked").write_text("a file")
    done = reportgen(project, "build", "--out", "blocked/out")
    assert done.returncode == 7
    assert "cannot write" in done.stderr


def test_hostile_names_do_not_move_the_cursor(project: Path, reportgen: Program) -> None:
    write(project, [line.replace("A,", "A\x1b[2J\u202e,", 1) for line in table()])
    done = reportgen(project, "build", "--dry-run")
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout + done.stderr


def test_only_says_what_it_removes(project: Path, reportgen: Program) -> None:
    both = reportgen(project, "build", "--formats", "html,xlsx")
    assert both.returncode == 0, both.stderr
    assert "report.html and report.xlsx of 2 markets" in both.stdout
    kept = reportgen(project, "build", "--formats", "html")
    assert "Nothing to do" in kept.stdout
    assert len(list((project / "out" / "markets").glob("*/report.xlsx"))) == 2
    told = reportgen(project, "build", "--formats", "html", "--only", "--dry-run")
    assert "--only removes xlsx of 2 markets." in told.stderr
    assert len(list((project / "out" / "markets").glob("*/report.xlsx"))) == 2
    done = reportgen(project, "build", "--formats", "html", "--only")
    assert (done.returncode, "--only removes xlsx of 2 markets." in done.stderr) == (0, True)
    assert not list((project / "out" / "markets").glob("*/report.xlsx"))
    assert len(list((project / "out" / "markets").glob("*/report.html"))) == 2


def _lose_a_market(project: Path) -> set[str]:
    """A built project of two markets whose table has lost one; returns the folders of both."""
    assert process(project, "build", "--formats", "html", "--quiet").returncode == 0
    slugs = {path.parent.name for path in (project / "out" / "site" / "markets").glob("*/report.html")}
    assert len(slugs) == 2
    write(project, [line for line in table() if not line.startswith("B")])
    return slugs


def test_reports_of_vanished_markets_stay_without_a_terminal(project: Path) -> None:
    _lose_a_market(project)
    cron = process(project, "build", "--formats", "html", "--quiet")
    assert cron.returncode == 1
    assert "1 of 2 markets on the site is no longer in the data: B. Its report stays" in cron.stderr
    assert "--drop-gone" in cron.stderr


def test_reports_of_vanished_markets_wait_for_an_answer_on_a_terminal(project: Path) -> None:
    pty = pytest.importorskip("pty")
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    slugs = _lose_a_market(project)
    os.write(ours, b"y\n")
    asked = subprocess.run(
        [sys.executable, "-m", "reportgen", "build", "--formats", "html"], cwd=project, stdin=theirs, stdout=theirs,
        stderr=theirs, check=False, timeout=120,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # the terminal is closed and empty
        os.close(ours)
    assert asked.returncode == 0, said.decode()
    assert "Take it off? [y/N]" in said.decode()
    assert len(list((project / "out" / "site" / "markets").glob("*/report.html"))) == 1
    assert {path.name for path in (project / "out" / "markets").iterdir()} == slugs
