"""One market whose work goes wrong in every way a process can: it costs that market, and nothing else.

Pass rule (RELIABILITY.md): exit code 1; the other markets' bytes are those of a clean run; the bad one has a status, a
stable code and one short line; nothing half-written; with the cause gone the next build gives the clean tree.

Where each line of RELIABILITY.md's faults is:

=======================================================  ========================================================
case                                                     test
=======================================================  ========================================================
kill -9 of the parent at 10/30/50/70/95 %, resume        ``test_processes.py`` (stand-in), ``test_real_kill.py``
a worker, all workers; SIGINT once, twice; SIGTERM;      ``test_processes.py``
SIGHUP; two runs at once; lock left by kill -9
SIGSTOP beyond the timeout, segfault, endless loop,      here
memory over the cap, ``os._exit(0)``, unpicklable,
non-UTF-8 and 10 MB exceptions, 1 GB on stdout
ENOSPC on a small tmpfs, EFBIG, EIO at the k-th fsync,   ``test_storage.py``
ENOSPC and KILL at the k-th rename, read-only, deleted
or linked output, 64 descriptors
input changed mid-run                                    ``test_state.py`` and ``tests/batch/test_run.py``
truncated manifest, wrong hash, flipped bit, newer       ``test_state.py``
schema, clock back a year
quarto missing, hanging, failing, printing 100 MB; no    ``test_tools.py``
fonts; font without the glyph
cross-talk; engines and worker counts; one process       ``test_cross_talk.py``
=======================================================  ========================================================
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from projects import Project
from reportgen.batch.site import refresh
from reportgen.batch.site.refresh import SiteState
from reportgen.batch.state import record

TIMEOUT = 1.5
CODES = {
    "segfault": "worker-crash",
    "exit": "worker-crash",
    "kill": "worker-crash",
    "loop": "timeout",
    "stop": "timeout",
    "hang": "timeout",
    "memory": "out-of-memory",
    "badly": "unexpected",
    "large": "unexpected",
    "surrogate": "unexpected",
    "quit": "unexpected",
    "interrupt": "unexpected",
    "shout": "loud",
    "raise": "does-not-work",
    "disk": "io-error",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(refresh, "refresh_site", lambda *args, **kwargs: SiteState(changed=False))
    return Project(tmp_path, monkeypatch)


@pytest.mark.parametrize("fault", CODES)
def test_a_fault_costs_its_market_only(project: Project, fault: str) -> None:
    bad = f"{fault}-X"
    project.data[bad] = 1.0
    (project.root / "calm").touch()
    # A slow machine may need longer than TIMEOUT to fill its memory.
    project.change(run={"timeout": TIMEOUT if CODES[fault] == "timeout" else 14.0, "memory": 700})
    assert project.build().exit_code == 0
    clean = project.tree()
    (project.root / "calm").unlink()
    began = time.monotonic()
    result = project.build(force=True)
    assert time.monotonic() - began < 15
    assert result.exit_code == 1
    assert project.tree() == clean, "the last good report of the bad market stays, the others are as they were"
    (failed,) = (outcome for outcome in result.markets if outcome.action == "failed")
    assert (failed.market, failed.code) == (bad, CODES[fault])
    assert failed.stale_since
    assert 0 < len(failed.message) <= 2000
    assert str(project.root) not in failed.message
    if CODES[fault] == "timeout":
        assert failed.seconds <= TIMEOUT * 1.1
    content = record.unseal(project.root / "out" / "run.json")
    assert content is not None
    assert (content["exit_code"], content["markets"][bad]["status"]) == (1, "failed")
    json.dumps(content).encode("utf-8")
    (project.root / "calm").touch()
    assert project.build().exit_code == 0
    assert project.tree() == clean


def test_all_faults_in_one_run_leave_the_good_markets(project: Project) -> None:
    names = [fault for fault in CODES if CODES[fault] != "timeout"]
    project.data |= {f"{fault}-X": 1.0 for fault in names}
    project.change(run={"timeout": 30.0, "memory": 700})
    result = project.build()
    assert result.exit_code == 1
    assert result.count("built") == 3
    assert result.count("failed") == len(names)
    assert {o.market: o.code for o in result.markets if o.action == "failed"} == {f"{f}-X": CODES[f] for f in names}
    assert not [path for path in (project.root / "out" / "markets").iterdir() if path.name.startswith(".")]
