"""Standard output that is full or closed: one line, an exit code of its own, and the work is done."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from real_runs import small_table

REPORTGEN = (sys.executable, "-m", "reportgen")


@pytest.mark.parametrize("arguments", [("--help",), ("config", "show"), ("check", "panel.csv"), ("doctor",)])
def test_a_full_disk_behind_standard_output_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    small_table("A").to_csv(tmp_path / "panel.csv", index=False)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            (*REPORTGEN, *arguments),
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 7
    assert done.stderr.splitlines()[-1].startswith("Standard output cannot be written to: No space left on device.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_stop_a_build(tmp_path: Path, closed: str) -> None:
    small_table("A").to_csv(tmp_path / "panel.csv", index=False)
    command = f"{shlex.quote(sys.executable)} -m reportgen build panel.csv --formats results {closed}"
    done = subprocess.run(("sh", "-c", command), cwd=tmp_path, check=False, timeout=240)
    assert done.returncode == 0
    assert (tmp_path / "out" / "run.json").is_file()
    assert (tmp_path / "panel.csv").read_text().startswith("market")


def test_a_number_keeps_its_spaces_on_a_terminal_and_orders_to_it_go() -> None:
    from reportgen.cli.console import _line

    assert _line("+24\u202f689\u00a0₹\x1b[2J\nnext") == "+24 689 ₹[2J next"
