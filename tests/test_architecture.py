"""What ARCHITECTURE.md says of the rooms is so: modules it names, the order it gives, the way of a market."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    return (checkout / "ARCHITECTURE.md").read_text("utf-8")


def test_files_that_it_names_are_there(text: str, checkout: Path) -> None:
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|sh|toml))`|`((?:[a-z_]+/)+[a-z_]*)`", text)
    paths = {one or other for one, other in named} - {"reportgen.toml"}
    assert paths
    assert [
        name for name in sorted(paths) if not any((top / name).exists() for top in (checkout, checkout / "reportgen"))
    ] == []


def test_rooms_stand_in_the_order_that_is_checked(text: str, checkout: Path) -> None:
    settings = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = [room.strip().removeprefix("reportgen.") for layer in layers for room in layer.split("|")]
    said = re.search(r"Rooms import downwards: ([^.]+)\.", text)
    assert said is not None
    assert re.findall(r"[a-z]+", said[1].replace(" and ", " ")) == checked


def test_the_way_of_a_market_goes_through_rooms_that_are_there(text: str, checkout: Path) -> None:
    drawing = text[text.index("## The way of one market") : text.index("## The tree")].split("```")[1]
    rooms = set(re.findall(r"\b[a-z]+/[a-z]+\b", drawing))
    assert len(rooms) >= 6
    for room in rooms:
        path = checkout / "reportgen" / room
        assert path.is_dir() or path.with_suffix(".py").is_file(), room
