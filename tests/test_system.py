"""Other operating systems: nothing that only POSIX has is imported or named outside one module, and spawn serves."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reportgen
from reportgen import system
from reportgen.batch.workers.pool import Limits, Task, run_tasks

PACKAGE = Path(reportgen.__file__).parent
ONLY_POSIX = {"resource", "fcntl", "pwd", "grp", "termios", "pty", "tty", "syslog", "posix", "crypt", "nis"}
NAMES = {
    "SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "fork", "forkpty", "killpg", "setsid", "setpgrp", "getuid",
    "geteuid", "getgid", "mkfifo", "O_DIRECTORY", "O_NOFOLLOW", "RLIMIT_DATA",
}  # fmt: skip
ALLOWED = {("batch/workers/beside.py", "fork")}
"""Guarded by ``system.CAN_FORK``."""


def test_what_only_posix_has_stands_in_one_module() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {(name, one.name) for one in node.names if one.name in ONLY_POSIX}
            elif isinstance(node, ast.ImportFrom) and node.module in ONLY_POSIX:
                found.add((name, str(node.module)))
            elif isinstance(node, ast.Attribute) and node.attr in NAMES:
                found.add((name, node.attr))
    assert {one for one in found if one[0] != "system.py"} == ALLOWED


def test_every_module_is_imported_where_these_do_not_exist() -> None:
    """As on Windows: the modules are gone, and so are the names of signals and of ``os``."""
    code = f"""
import importlib, os, pkgutil, signal, sys
import numpy, pandas, scipy.stats, statsmodels.api, matplotlib, multiprocessing.context, psutil, weasyprint, pikepdf
import typer, rich, sqlalchemy, pyarrow.parquet, statsmodels.regression.mixed_linear_model, subprocess, asyncio, fsspec
for name in {sorted(ONLY_POSIX)!r}:
    sys.modules[name] = None
for name in ("SIGKILL", "SIGHUP"):
    delattr(signal, name)
del os.fork, os.killpg
os.name = "nt_like"
del multiprocessing.context.ForkServerContext, multiprocessing.context.ForkServerProcess
import reportgen
for one in pkgutil.walk_packages(reportgen.__path__, "reportgen."):
    if "preload" not in one.name and not one.name.endswith("__main__"):
        importlib.import_module(one.name)
from reportgen import system
assert system.START == "spawn" and not system.CAN_FORK
system.limit_memory(100)
print("all")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "all", done.stderr[-2000:]


@pytest.mark.slow
def test_spawn_serves_where_there_is_no_fork_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "START", "spawn")
    tasks = [Task(key=str(k), argument=k) for k in (4, 9)]
    done = list(run_tasks(abs, tasks, jobs=1, limits=Limits(timeout=60)))
    assert [(one.key, one.answer.value) for one in done] == [("4", 4), ("9", 9)]
