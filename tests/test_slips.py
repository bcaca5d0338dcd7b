"""The likeliest slips of a newcomer, each with the message it gets: what, where, and how to go on.

``REPORTGEN_UPDATE_GOLDEN=1`` writes ``tests/golden/slips.txt`` anew; read it as the newcomer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.cli import main

GOLDEN = Path(__file__).parent / "golden" / "slips.txt"
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
