"""Work in a second process: the same result, the same errors, and nothing left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from reportgen.batch.workers.beside import beside
from reportgen.errors import RenderError


def children() -> set[int]:
    """Process ids of this process's children, zombies included."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    return {int(pid) for pid in listed.split()}


def test_the_result_comes_from_another_process_where_a_core_is_idle() -> None:
    here = str(os.getpid()).encode()
    with beside(lambda: str(os.getpid()).encode(), idle=True) as result:
        assert result() != here
    with beside(lambda: str(os.getpid()).encode(), idle=False) as result:
        assert result() == here


def test_large_results_come_whole() -> None:
    body = os.urandom(3_000_000)
    with beside(lambda: body, idle=True) as result:
        assert result() == body


def test_an_error_is_met_here() -> None:
    def fail() -> bytes:
        raise RenderError("The PDF of A cannot be made.", code="pdf-layout")

    with pytest.raises(RenderError, match="cannot be made"), beside(fail, idle=True) as result:
        result()


def test_a_second_process_that_dies_costs_nothing() -> None:
    here = os.getpid()

    def killed_elsewhere() -> bytes:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"made here"

    with beside(killed_elsewhere, idle=True) as result:
        assert result() == b"made here"


def test_nothing_is_left_when_the_first_process_fails() -> None:
    def forever() -> bytes:
        time.sleep(600)
        return b""

    before = children()
    with pytest.raises(ValueError, match="first"), beside(forever, idle=True):
        raise ValueError("first")
    assert children() == before
