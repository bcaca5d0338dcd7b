"""The inside of a worker process: limits, the task loop, and errors turned into plain text.

A worker takes one task at a time from its own pipe and answers with the task's value or with a
:class:`Failure` of plain strings, so that no exception object ever crosses the process boundary
(it may be unpicklable, or 10 MB long). It writes nothing to the terminal of the run, ignores
Ctrl-C (the parent decides), and dies with the fork server, so a killed run leaves no orphans.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError, advice
from reportgen.system import ENDING, die_with_parent, limit_memory

if TYPE_CHECKING:
    from reportgen.settings.sections import PdfEngine

ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Set before numpy loads. Arrow's own pools reserve address space that a memory cap would count."""

NUMBERS = ("reportgen.batch.market", "reportgen.model.analysis", "pyarrow.parquet", "pydantic.type_adapter")
"""Imported before the first task: what every market needs."""
DOCUMENTS = (
    "reportgen.report.document",
    "reportgen.report.site.overview",
    "babel.dates",
    "babel.numbers",
    "reportgen.render.site",
    "reportgen.render.html",
    "pikepdf",
)
"""Imported as well where documents are made."""
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task has no value. ``retry`` is true for causes that may pass (I/O, a crash)."""

    code: str
    message: str
    trace: str = ""
    retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker sends back for one task: exactly one of ``value`` and ``failure`` is set."""

    value: Any = None
    failure: Failure | None = None
    seconds: float = 0.0


def load_stack(engine: PdfEngine | None) -> None:
    """Import everything a report needs, as far as this machine has it; without an ``engine`` of PDF numbers only.

    A part that cannot be imported here (WeasyPrint without Pango raises ``OSError``) is left out:
    the market that needs it reports the reason.
    """
    os.environ.update(ENVIRONMENT)
    gc.disable()  # until the first task ends: nothing of what is loaded here is garbage
    for name in (*NUMBERS, *(DOCUMENTS if engine else ())):
        with contextlib.suppress(ImportError, OSError):
            importlib.import_module(name)
    if engine:
        with contextlib.suppress(ImportError, OSError, ReportgenError):
            importlib.import_module("reportgen.render.pdf").load_engine(engine)
    gc.freeze()  # without looking for garbage first: that took 0.2 s and found 2,700 objects of 230,000


def serve(connection: Connection, memory: int) -> None:
    """Answer tasks until the pipe closes.

    Parameters
    ----------
    connection
        Brings ``(function, argument)`` or ``None`` (stop); takes :class:`Answer` objects.
    memory
        Cap on this process's private memory, in MiB; 0 for none.
    """
    _settle_in(memory)
    served = 0
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        if task is None:
            return
        function, argument = task
        if served:
            gc.collect()
        if served == 1:  # what a first task leaves (modules, templates, caches) stays: looking through it took 30 ms
            gc.freeze()
        served += 1
        gc.disable()  # a report is made of many small objects that live to its end: a seventh of the time
        # From here nothing is raised: BaseException too becomes an answer, or the loop would end with the market.
        answer = attempt(function, argument)
        try:
            connection.send(answer)
        except (EOFError, OSError):
            return
        del answer, argument, task
        gc.enable()


def attempt(function: Callable[[Any], Any], argument: Any) -> Answer:
    """Run one task and catch whatever it raises, KeyboardInterrupt and SystemExit included."""
    start = time.perf_counter()
    try:
        value = function(argument)
    except BaseException as error:  # noqa: BLE001 - one market's failure, whatever it is, is data here
        failure = describe(error)
        return Answer(failure=failure, seconds=time.perf_counter() - start)
    return Answer(value=value, seconds=time.perf_counter() - start)


def describe(error: BaseException) -> Failure:
    """Turn any exception into short printable text with a stable code."""
    trace = _printable("".join(traceback.format_exception(error))[-20_000:], 20_000)
    if isinstance(error, ReportgenError):
        return Failure(code=error.code, message=_printable(error.message, _LONGEST_MESSAGE), trace=trace)
    if isinstance(error, MemoryError):
        return Failure(code="out-of-memory", message="the market needs more memory than it may take.", trace=trace)
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the failure
        said = "(its message cannot be shown)"
    # The base name only: str() of an OSError has the whole path, which is nobody's business outside this machine.
    if isinstance(error, OSError) and error.strerror:
        name = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, (str, bytes)) else ""
        said = f"{error.strerror} ({name})" if name else error.strerror
    text = _printable(f"{type(error).__name__}: {_without_home(said)}", _LONGEST_MESSAGE)
    if isinstance(error, OSError):
        text = f"{text}. {todo}" if (todo := advice(error)) else text
        return Failure(code="io-error", message=text, trace=trace, retry=True)
    return Failure(code="unexpected", message=text, trace=trace)


def _without_home(text: str) -> str:
    """Hide the user's folder: messages go into run.json, which is published with the reports."""
    try:
        home = str(Path.home())
    except RuntimeError:
        return text
    return text.replace(home + os.sep, f"~{os.sep}") if len(home) > 1 else text


def _printable(text: str, longest: int) -> str:
    # A lone surrogate (from a file name that is no UTF-8) can be printed nowhere and breaks JSON.
    safe = text[:longest].encode("utf-8", "backslashreplace").decode("utf-8")
    return safe if len(text) <= longest and len(safe) <= longest else f"{safe[: longest - 2]} …"


def _settle_in(memory: int) -> None:
    # Ctrl-C goes to the whole process group of the terminal: the parent takes it and lets workers finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    die_with_parent()
    os.environ.update(ENVIRONMENT)  # of a process that no fork server began
    _silence()
    limit_memory(memory)


def end_at_once() -> None:
    """Leave out Python's tidying up at the end of this process: in the fork server 0.2 s for which the run waits."""
    atexit.register(os._exit, 0)


def _silence() -> None:
    """Send standard output and error nowhere, however much a library prints."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # On the descriptors, not on sys.stdout: C libraries print past Python.
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
