"""The same tasks on a Dask cluster: the engine for more markets than one machine wants to build.

The scheduler hands out tasks; on its worker each one runs in a process of its own under the limits of
``pool.py``, so a crash, a hang or a memory overrun costs one market there as well, and the bytes are
the same. Workers write market folders themselves, to a path that all of them and the caller share; only
a small outcome travels back. TLS and authentication are Dask's own (``tls://`` addresses and its
configuration). Rejected: ``dask.delayed`` graphs (one lost worker restarts chains) and returning files.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from reportgen.batch.workers import pool
from reportgen.batch.workers.worker import Answer, Failure
from reportgen.errors import EnvironmentMissing, UsageError

_AHEAD = 2
"""Tasks handed out per worker thread: enough that none waits, few enough that tasks stay lazy."""
_POLL = 0.2
_CONNECT = 10


def run_on_cluster(
    function: Callable[[Any], Any],
    tasks: Iterable[pool.Task],
    *,
    address: str,
    limits: pool.Limits,
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[pool.Done, None, None]:
    """Run ``function`` over every task's argument on the Dask cluster at ``address``.

    Parameters and results are those of :func:`reportgen.batch.workers.pool.run_tasks`.

    Raises
    ------
    EnvironmentMissing
        If Dask is not installed.
    UsageError
        If no scheduler answers at ``address``.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    client = _connect(address)
    # pure=False: a task writes files, so that equal arguments are not a result somebody has already.
    executor = client.get_executor(pure=False, retries=pool.ATTEMPTS - 1)
    running: dict[Future[pool.Done], str] = {}
    upcoming = iter(tasks)
    try:
        while True:
            # Asked each time round: workers may join or leave while the run goes on.
            most = _AHEAD * max(1, sum(client.nthreads().values()))
            while len(running) < most and not stopping():
                task = next(upcoming, None)
                if task is None:
                    break
                running[executor.submit(isolated, function, task, limits)] = task.key
            if not running:
                return
            ended, _ = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in ended:
                yield _done(future, running.pop(future))
            # What cannot be cancelled any more is waited for.
            if stopping():
                running = {future: key for future, key in running.items() if not future.cancel()}
    finally:
        for future in running:
            future.cancel()
        client.close()


def isolated(function: Callable[[Any], Any], task: pool.Task, limits: pool.Limits) -> pool.Done:
    """Run one task in a process of its own. Called on a worker of the cluster."""
    import multiprocessing

    # Dask starts its workers as daemons, which may have no children; ours end with the worker anyway.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    (done,) = pool.run_tasks(function, [task], jobs=1, limits=limits)
    return done


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise EnvironmentMissing("--scheduler needs Dask: pip install 'reportgen-lmm[dask]'.", code="no-dask") from None
    try:
        make: Any = Client
        return make(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"--scheduler {address}: no scheduler answers there ({error}).", code="no-scheduler") from None


def _done(future: Any, key: str) -> pool.Done:
    """Return what a future brought; a worker lost for good is a failure of its task."""
    try:
        done: pool.Done = future.result()
    except Exception as error:  # noqa: BLE001 - whatever the cluster says, it is one market's failure
        text = f"the cluster lost this market: {type(error).__name__}: {str(error)[:300]}"
        return pool.Done(key=key, answer=Answer(failure=Failure(code="worker-crash", message=text)), attempts=1)
    return done
