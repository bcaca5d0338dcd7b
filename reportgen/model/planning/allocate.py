"""Steps of promotion to whoever makes the most of them, within bounds.

Each receiver starts at its lower bound and may take steps up to its upper one. Worth the same or less than the step
before, the steps that are worth the most are the best allocation of as many (greedy is exact for concave returns:
Ibaraki and Katoh 1988, Resource Allocation Problems, chapter 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]
TELL_APART = 1e-9
"""Difference of two steps' worth, over the largest, from which they are not the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladder:
    """All steps of K receivers, each from ``-room`` to ``room``: whose (S,), from which place (S,), worth (S,)."""

    room: Counts
    whose: Counts
    place: Counts
    worth: Floats

    @classmethod
    def of(cls, room: Counts, returns: Callable[[Counts, Counts], Floats]) -> Ladder:
        """``returns(whose, place)``: what a receiver gets at so many steps from today, any zero point."""
        whose = np.repeat(np.arange(len(room)), 2 * room)
        ends = np.cumsum(2 * room)
        place = np.arange(len(whose)) - np.repeat(ends - 2 * room, 2 * room) - room[whose]
        worth = returns(whose, place + 1) - returns(whose, place)
        # Rounding in the last digits would make equals trade.
        unit = TELL_APART * float(np.abs(worth).max(initial=0.0))
        return cls(room=room, whose=whose, place=place, worth=np.round(worth / unit) * unit if unit > 0.0 else worth)

    def allocate(self, change: int) -> Counts:
        """Steps from today of each receiver, (K,), that sum to ``change`` (as far as there is room)."""
        # Of steps worth the same, those that only give back what was taken come first: equals do not trade.
        order = np.lexsort((self.place >= 0, -self.worth))
        count = int(np.clip(self.room.sum() + change, 0, len(self.whose)))
        return self._taken(order[:count])

    def worthwhile(self, price: Floats) -> Counts:
        """Steps from today of each receiver, (K,), that are worth more than its ``price`` a step (K,)."""
        return self._taken(np.flatnonzero(self.worth > price[self.whose]))

    def _taken(self, chosen: Counts) -> Counts:
        return np.asarray(np.bincount(self.whose[chosen], minlength=len(self.room)) - self.room, dtype=np.intp)
