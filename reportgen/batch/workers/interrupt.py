"""Ctrl-C once: finish what runs, start nothing more. Twice, or a termination signal: stop now.

Handlers are only set in the main thread (Python allows no other) and put back afterwards.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from reportgen.system import ENDING


class Interrupts:
    """Context in which signals are counted; ``stopping()`` is true after the first."""

    def __init__(self) -> None:
        self.count = 0
        self._shielded = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Python lets only the main thread set handlers; a run in another thread leaves signals to its caller.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *ENDING):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stopping(self) -> bool:
        """Return whether no new work should start."""
        return self.count > 0

    def shield(self) -> None:
        """From now on only count: the account of the run is being written."""
        self._shielded = True

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        # A handler runs between two instructions of the main thread, so it counts and raises, and does nothing else.
        self.count += 1
        if self._shielded:
            return
        if number in ENDING or self.count > 1:
            # Raised out of whatever the main thread does, also out of a wait that nothing else would end.
            raise KeyboardInterrupt
