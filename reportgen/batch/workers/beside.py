"""One piece of a market's work in a second process while the first goes on, where a core would stand idle.

For a run of fewer markets than workers: the brief is typeset beside the report. Whatever happens to the second
process, the piece is then done here, so an error is always the one that this process meets itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reportgen.system import CAN_FORK, die_with_parent, end_process


@contextmanager
def beside(work: Callable[[], bytes], *, idle: bool) -> Iterator[Callable[[], bytes]]:
    """Start ``work`` in a forked process if there is an ``idle`` core; give what waits for its result.

    The process is killed at the end of the block if nobody waited for it.
    """
    if not idle or not CAN_FORK:
        yield work
        return
    reading, writing = os.pipe()
    # A plain fork: what was loaded and drawn so far is the child's as well, copied only where one of them writes.
    child = os.fork()
    if child == 0:
        _work_and_exit(work, writing)
    # Only the child may hold this end: its death is then the end of the file, whole or not.
    os.close(writing)

    def result() -> bytes:
        with open(reading, "rb", closefd=False) as stream:
            made = stream.read()
        # A child that was killed half-way leaves a part without the mark: then the work is done here.
        return made.removesuffix(_WHOLE) if made.endswith(_WHOLE) else work()

    try:
        yield result
    finally:
        os.close(reading)
        end_process(child)


# Bytes behind the result that a child writes last; a pipe alone cannot tell a short result from half of one.
_WHOLE = b"\nwhole\n"


def _work_and_exit(work: Callable[[], bytes], writing: int) -> None:
    status = 1
    try:
        die_with_parent()
        with open(writing, "wb") as stream:
            stream.write(work() + _WHOLE)
        status = 0
    finally:
        # Not sys.exit: the parent's buffers, exit functions and pipes are not ours to end twice.
        os._exit(status)
