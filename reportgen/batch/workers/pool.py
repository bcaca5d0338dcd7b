"""Tasks in processes of their own: a crash, a hang or a memory overrun costs one task only.

Workers are forked by a fork server that has the whole stack loaded (about 40 ms each), take tasks
one at a time over a pipe of their own, and are replaced after 100 tasks or whenever one is lost.
The engine knows nothing of markets: it runs an importable function over arguments.

Rejected: ``ProcessPoolExecutor`` and loky lose the batch when one worker dies; pebble shares one
pipe and its lock among all workers, gives a hung worker three seconds of grace after its limit
and has no memory cap. ``spawn`` costs five seconds a worker, and is what there is on Windows.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from reportgen import system
from reportgen.batch.workers.worker import Answer, Failure, serve
from reportgen.errors import EnvironmentMissing

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess

    from reportgen.settings.sections import PdfEngine

TASKS_PER_WORKER = 100
"""WeasyPrint keeps about 0.24 MB a document: workers are replaced before that matters."""
ATTEMPTS = 2
"""A task lost to a crash or an I/O error is tried once more."""
_POLL = 0.1
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps of one task: ``timeout`` in seconds and ``memory`` in MiB; 0 means none."""

    timeout: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One unit of work. ``argument`` is pickled; ``key`` comes back with the answer."""

    key: str
    argument: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The end of one task, in whatever order tasks end."""

    key: str
    answer: Answer
    attempts: int


_NOTHING = Task(key="", argument=None)


@dataclass(eq=False, slots=True)
class _Worker:
    process: ForkServerProcess
    pipe: Connection
    task: Task = _NOTHING
    attempt: int = 0
    started: float = 0.0
    served: int = 0


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up(engine: PdfEngine | None = "weasyprint") -> None:
    """Start the fork server now; it loads the stack while the caller does something else.

    Parameters
    ----------
    engine
        Load what documents need as well, with this engine of PDF. Only the first call in a process decides.
    """
    if system.START != "forkserver":
        return
    from multiprocessing import forkserver

    _context().set_forkserver_preload([f"reportgen.batch.workers.preload{f'_{engine}' if engine else ''}"])
    with _without_main(), _safe_path():
        forkserver.ensure_running()


def run_tasks(
    function: Callable[[Any], Any],
    tasks: Iterable[Task],
    *,
    jobs: int,
    limits: Limits = Limits(),
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[Done, None, None]:
    """Run ``function`` over every task's argument in up to ``jobs`` processes.

    Parameters
    ----------
    function
        Importable by name; called in a worker with one argument.
    tasks
        Pulled one at a time as workers become free, so a lazy iterable stays lazy.
    stopping
        Asked often; once true no further task starts and running ones are finished.

    Yields
    ------
    Done
        One per started task, as they end. Closing the iterator kills the workers.
    """
    pool = _Pool(function, limits)
    try:
        yield from pool.run(iter(tasks), jobs, stopping)
    finally:
        pool.close()


class _Pool:
    """Workers and the tasks they hold; lives for one :func:`run_tasks`."""

    def __init__(self, function: Callable[[Any], Any], limits: Limits) -> None:
        self._function = function
        self._limits = limits
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._again: deque[tuple[Task, int]] = deque()

    def run(self, tasks: Iterator[Task], jobs: int, stopping: Callable[[], bool]) -> Iterator[Done]:
        more = True
        while True:
            while len(self._busy) < jobs and not stopping():
                upcoming = self._again.popleft() if self._again else None
                if upcoming is None and more:
                    task = next(tasks, None)
                    more = task is not None
                    upcoming = (task, 1) if task is not None else None
                if upcoming is None:
                    break
                self._assign(*upcoming)
            # Nothing runs: either all is done, or only tasks for a second attempt are left and the loop hands them out.
            if not self._busy:
                if stopping() or not (more or self._again):
                    break
                continue
            yield from self._collect()

    def close(self) -> None:
        for worker in self._busy:
            _kill(worker)
        for worker in self._idle:
            _dismiss(worker)
        self._busy.clear()
        self._idle.clear()

    def _assign(self, task: Task, attempt: int) -> None:
        # The one used last: its caches are warm, and workers above the need stay idle instead of taking turns.
        worker = self._idle.pop() if self._idle else _start_worker(self._limits.memory)
        # Killed while idle (by the kernel's out-of-memory killer, say): that is no attempt of this task.
        if not self._send(worker, task):
            _kill(worker)
            worker = _start_worker(self._limits.memory)
            self._send(worker, task)  # if this fails too, receiving will say that the worker is lost
        worker.task, worker.attempt, worker.started = task, attempt, time.monotonic()
        self._busy.append(worker)

    def _send(self, worker: _Worker, task: Task) -> bool:
        try:
            worker.pipe.send((self._function, task.argument))
        except (OSError, EOFError):
            return False
        return True

    def _collect(self) -> Iterator[Done]:
        """Wait a moment; give out what ended, was lost, or ran over a limit."""
        ready = set(wait([worker.pipe for worker in self._busy], timeout=self._patience()))
        for worker in list(self._busy):
            # An answer that is there counts, even where the limit passed meanwhile: the work is done.
            answer = self._receive(worker) if worker.pipe in ready else self._overrun(worker)
            if answer is None:
                continue
            self._busy.remove(worker)
            task, attempt = worker.task, worker.attempt
            worker.served += 1
            self._keep_or_replace(worker, answer)
            if answer.failure is not None and answer.failure.retry and attempt < ATTEMPTS:
                self._again.append((task, attempt + 1))
                continue
            yield Done(key=task.key, answer=answer, attempts=attempt)

    def _patience(self) -> float:
        if not self._limits.timeout:
            return _POLL
        # No longer than until the next time limit: a hung worker costs its market the limit and not a moment more.
        now = time.monotonic()
        left = min(worker.started + self._limits.timeout - now for worker in self._busy)
        return min(_POLL, max(left, 0.0))

    def _receive(self, worker: _Worker) -> Answer:
        try:
            answer = worker.pipe.recv()
        except Exception:  # noqa: BLE001 - a torn message means the worker is lost, whatever unpickling says
            return self._lost(worker)
        if not isinstance(answer, Answer):
            return self._lost(worker)
        return answer

    def _lost(self, worker: _Worker) -> Answer:
        # The pipe ends a moment before the process does; waited for, it tells its exit status.
        worker.process.join(1.0)
        code = worker.process.exitcode
        how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        failure = Failure(code="worker-crash", message=f"the worker process died ({how}).", retry=True)
        return Answer(failure=failure, seconds=time.monotonic() - worker.started)

    def _overrun(self, worker: _Worker) -> Answer | None:
        """Return a failure, and kill the worker, if it is over one of its limits."""
        seconds = time.monotonic() - worker.started
        timeout, memory = self._limits.timeout, self._limits.memory
        if timeout and seconds >= timeout:
            failure = Failure(code="timeout", message=f"the market took longer than run.timeout = {timeout:g} seconds.")
        # The worker caps its own private data (RLIMIT_DATA); what it maps or shares beyond that only shows here.
        elif memory and resident(worker.process.pid) > memory * _MIB:
            failure = Failure(code="out-of-memory", message=f"the market needed more than run.memory = {memory} MiB.")
        else:
            return None
        _kill(worker)
        return Answer(failure=failure, seconds=seconds)

    def _keep_or_replace(self, worker: _Worker, answer: Answer) -> None:
        failed = answer.failure
        # Whatever such a worker still holds in memory or half-open is not to meet the next market.
        spoiled = failed is not None and failed.code in {"worker-crash", "timeout", "out-of-memory"}
        if spoiled:
            _kill(worker)
        elif worker.served >= TASKS_PER_WORKER:
            _dismiss(worker)
        else:
            self._idle.append(worker)


def resident(pid: int | None) -> int:
    """Return the resident memory of a process in bytes, 0 if it is gone."""
    import psutil

    if pid is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _start_worker(memory: int) -> _Worker:
    try:
        return _fork(memory)
    except (OSError, EOFError):  # the fork server itself was killed; starting it again is safe
        pass
    try:
        return _fork(memory)
    except (OSError, EOFError) as error:
        raise EnvironmentMissing(
            f"this machine starts no further process ({type(error).__name__}: {error}).", code="no-process"
        ) from error


def _fork(memory: int) -> _Worker:
    warm_up()
    # A pipe per worker and no queue: a worker that dies while it holds a shared lock would stop all others.
    ours, theirs = _context().Pipe()
    # A daemon ends with its parent, and multiprocessing refuses it children of its own, which nobody would limit.
    process = _context().Process(target=serve, args=(theirs, memory), daemon=True)
    with _without_main():
        process.start()
    # Our copy of the worker's end, or its death would never show as the end of the file on ours.
    theirs.close()
    return _Worker(process, ours)


def _kill(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _dismiss(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        worker.pipe.send(None)
    worker.pipe.close()
    # It ends by itself at None or at the end of its pipe; what has not after two seconds is killed.
    worker.process.join(2.0)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


def _context() -> ForkServerContext:
    # One of spawn has the same methods.
    return cast("ForkServerContext", multiprocessing.get_context(system.START))


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the caller's main module while a process starts.

    Workers need nothing from it, and re-running a script that calls ``reportgen.build`` at its top
    level would start the build again inside each worker.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Keep the current folder off the import path of the fork server, unless it is on ours.

    It is started with ``-c``, which would let a file named ``numpy`` beside the data run in every worker.
    """
    here = {"", str(Path.cwd())}
    if here & set(sys.path) or "PYTHONSAFEPATH" in os.environ:
        yield
        return
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTHONSAFEPATH"]
