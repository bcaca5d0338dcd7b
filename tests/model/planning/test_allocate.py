"""Steps go to whoever makes the most of them; checked against every allocation there is."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reportgen.model.planning.allocate import Ladder


def concave(scale: np.ndarray):
    """Returns scale_k * sqrt(10 + place)."""
    return lambda whose, place: scale[whose] * np.sqrt(10.0 + place)


@given(
    room=st.lists(st.integers(0, 2), min_size=1, max_size=4),
    scale=st.lists(st.floats(-3, 5), min_size=4, max_size=4),
    change=st.integers(-3, 3),
)
def test_no_other_allocation_is_worth_more(room, scale, change):
    rooms, scales = np.array(room), np.array([abs(value) for value in scale])
    returns = concave(scales)
    found = Ladder.of(rooms, returns).allocate(change)
    assert np.all(np.abs(found) <= rooms)
    assert found.sum() == np.clip(change, -rooms.sum(), rooms.sum())

    def worth(steps):
        return float(returns(np.arange(len(rooms)), np.array(steps)).sum())

    others = product(*(range(-most, most + 1) for most in room))
    best = max(worth(steps) for steps in others if sum(steps) == found.sum())
    assert worth(found) >= best - 1e-9


def test_equals_do_not_trade():
    found = Ladder.of(np.array([2, 2, 2]), lambda whose, place: 3.0 * place)
    assert found.allocate(0).tolist() == [0, 0, 0]
    noise = np.array([1.0, 1.0 + 1e-14, 1.0 - 1e-14])
    nearly = Ladder.of(np.array([2, 2, 2]), lambda whose, place: noise[whose] * place)
    assert nearly.allocate(0).tolist() == [0, 0, 0]


def test_the_strong_take_from_the_weak_as_far_as_there_is_room():
    worth = np.array([1.0, 5.0, 2.0, 4.0])
    found = Ladder.of(np.array([2, 3, 0, 1]), lambda whose, place: worth[whose] * place)
    assert found.allocate(0).tolist() == [-2, 2, 0, 0] or found.allocate(0).tolist() == [-2, 3, 0, -1]
    assert found.allocate(99).tolist() == [2, 3, 0, 1]


def test_steps_that_pay_for_themselves():
    worth = np.array([1.0, 5.0])
    found = Ladder.of(np.array([2, 3]), lambda whose, place: worth[whose] * place)
    assert found.worthwhile(np.array([3.0, 3.0])).tolist() == [-2, 3]
