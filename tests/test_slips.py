"""The likeliest slips of a newcomer, each with the message it gets: what, where, and how to go on.

``REPORTGEN_UPDATE_GOLDEN=1`` writes ``tests/golden/slips.txt`` anew; read it as the newcomer.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.batch.workers.worker import describe
from reportgen.cli import main
from reportgen.errors import cannot_write

GOLDEN = Path(__file__).parent / "golden" / "slips.txt"
SYSTEM = Path(__file__).parent / "golden" / "slips-system.txt"
HEAD = "market,pharmacy,month,sales,promotion\n"
GOOD = HEAD + "".join(
    f"A,P{k},{2022 + t // 12}-{t % 12 + 1:02d},{1000 + 37 * k + 40 * ((k + t) % 5) + (k * t * t) % 11},{(k + t) % 5}\n"
    for k in range(9)
    for t in range(14)
)


def table(text: str) -> Callable[[], None]:
    return lambda: Path("sales.csv").write_text(text, "utf-8") and None


def settings(text: str) -> Callable[[], None]:
    def write() -> None:
        table(GOOD)()
        Path("reportgen.toml").write_text(f'panel.source = "sales.csv"\n{text}', "utf-8")

    return write


SLIPS: dict[str, tuple[Callable[[], None], str]] = {
    "a command with a slip": (table(GOOD), "bulid sales.csv"),
    "an option with a slip": (table(GOOD), "build sales.csv --slect A"),
    "a setting with a slip": (table(GOOD), "build sales.csv --set model.responce=log"),
    "a value that is none": (table(GOOD), "build sales.csv --set model.response=loog"),
    "a key with a slip in reportgen.toml": (settings('model.responce = "log"\n'), "check"),
    "a section twice": (settings("[mail]\nport = 25\n[mail]\nport = 26\n"), "check"),
    "a file that is not there": (table(GOOD), "check slaes.csv"),
    "a folder that is not there": (table(GOOD), "build -C porject"),
    "a table named as a project": (table(GOOD), "build -C sales.csv"),
    "a column that is not there": (settings('panel.promotion = "visits"\n'), "check"),
    "words for months": (table(HEAD + "A,P1,last month,100,1\nA,P1,this month,120,2\n"), "check sales.csv"),
    "a month twice": (table(GOOD + "A,P1,2022-01,5,1\n"), "check sales.csv"),
    "a number in words": (table(GOOD.replace(",1000,", ",a lot,", 1)), "check sales.csv"),
    "an empty file": (table(""), "check sales.csv"),
    "a table without rows": (table(HEAD), "check sales.csv"),
    "a market that is not there": (table(GOOD), "build sales.csv --select B"),
    "a format that is none": (table(GOOD), "build sales.csv --formats htlm"),
    "a language that is none": (table(GOOD), "build sales.csv --set report.locale=deutsch"),
    "nothing built yet": (settings(""), "render"),
    "a project that is there": (settings(""), "init . --data sales.csv"),
    "no server for mail": (settings(""), "mail"),
    "a template that is none": (settings(""), "templates eject summary"),
    "a recipe that is none": (table(GOOD), "init . --recipe crontab"),
}


def test_every_slip_gets_a_message_that_says_what_where_and_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    parts = []
    for number, (slip, (prepare, line)) in enumerate(SLIPS.items()):
        folder = tmp_path / f"{number:02d}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        prepare()
        monkeypatch.setattr("sys.argv", ["reportgen", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        said = capsys.readouterr()
        text = (said.out + said.err).replace(f"{folder}/", "").replace(str(folder), "FOLDER").rstrip()
        assert code not in (0, None), slip
        assert "Traceback" not in text, slip
        assert text, slip
        parts.append(f"# {slip}\n$ reportgen {line}\n{text}\n[{code}]\n")
    transcript = "\n".join(parts)
    if update_golden:
        GOLDEN.write_text(transcript, encoding="utf-8")
    assert transcript == GOLDEN.read_text("utf-8")


CAPABILITIES = "-dac_override,-dac_read_search"
"""Without these root is held to permissions like anybody else."""
MORTAL = (
    ["setpriv", f"--bounding-set={CAPABILITIES}", f"--inh-caps={CAPABILITIES}"]
    if os.geteuid() == 0 and shutil.which("setpriv")
    else []
)


def locked_folder() -> None:
    table(GOOD)()
    Path("locked").mkdir(mode=0o555)


def locked_table() -> None:
    table(GOOD)()
    Path("sales.csv").chmod(0)


def somebody_elses_site() -> None:
    table(GOOD)()
    Path("old/site").mkdir(parents=True)
    Path("old/site/index.html").write_text("mine", "utf-8")


REFUSED: dict[str, tuple[Callable[[], None], str]] = {
    "no right to write the output": (locked_folder, "build sales.csv --formats html --out locked/out"),
    "no right to start a project there": (locked_folder, "init locked/new --data sales.csv"),
    "no right to read the table": (locked_table, "check sales.csv"),
    "no room to write (a cap on the size of files)": (table(GOOD), "build sales.csv --formats html"),
    "an old output folder of something else": (somebody_elses_site, "build sales.csv --formats html --out old"),
    "an interrupted run": (table(GOOD), "build sales.csv --formats html"),
}
"""What the system or the person at the keyboard stops: these need a process of their own."""


def refused(slip: str, line: str) -> str:
    """What a process says on its way out, and its exit code."""
    capped = ["prlimit", "--fsize=20000"] if slip.startswith("no room") else []
    with subprocess.Popen(
        [*MORTAL, *capped, sys.executable, "-m", "reportgen", *line.split()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(GOLDEN.parents[2])},
    ) as process:
        assert process.stderr is not None
        heard = [process.stderr.readline()]
        if slip == "an interrupted run":
            process.send_signal(signal.SIGINT)
        heard += process.stderr.readlines()
    return f"{''.join(heard).rstrip()}\n[{process.returncode}]\n"


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("prlimit") or (os.geteuid() == 0 and not MORTAL),
    reason="needs prlimit, and for root, whom nothing is refused, setpriv",
)
def test_what_the_system_refuses_gets_a_message_that_says_what_where_and_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    parts = []
    for number, (slip, (prepare, line)) in enumerate(REFUSED.items()):
        folder = tmp_path / f"{number:02d}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        prepare()
        text = re.sub(r"\d+\.\d s\b", "… s", refused(slip, line).replace(f"{folder}/", ""))
        assert "Traceback" not in text, slip
        parts.append(f"# {slip}\n$ reportgen {line}\n{text}")
    transcript = "\n".join(parts)
    if update_golden:
        SYSTEM.write_text(transcript, encoding="utf-8")
    assert transcript == SYSTEM.read_text("utf-8")


def test_a_full_disk_is_told_what_to_do() -> None:
    full = cannot_write("out", OSError(errno.ENOSPC, "No space left on device"))
    assert full.message == (
        "out: cannot write: No space left on device. Make room on the disk and run the same command again: what is "
        "finished stays."
    )
    assert describe(OSError(errno.ENOSPC, "No space left on device")).message.endswith("what is finished stays.")
