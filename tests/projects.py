"""A project whose table is a dict, built by a stand-in for the work of a market: what tests of the run start from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stub_market
from reportgen.batch import run
from reportgen.batch.inputs.source import Source
from reportgen.batch.request import Request
from reportgen.batch.state.outcome import RunResult
from reportgen.settings.sections import Settings


class Project:
    """A project whose table is a dict of market → value."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.data: dict[str, float] = {"A": 1.0, "B": 2.0, "C": 3.0}
        self.refused: dict[str, Any] = {}
        self.settings = Settings.model_validate(
            {"report": {"formats": ["html"]}, "run": {"as_of": "2024-01-15", "jobs": 2}}
        )
        self.reads = 0
        monkeypatch.setattr(Source, "_read", self._read)
        self.save()

    def save(self) -> None:
        path = self.root / "data" / "panel.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([self.data, sorted(self.refused)]))

    def _read(self, source: Any = None) -> Any:
        self.reads += 1
        panels = {market: stub_market.panel(market, value) for market, value in self.data.items()}
        return SimpleNamespace(markets=panels, refused=self.refused)

    def change(self, **sections: Any) -> None:
        plain = self.settings.model_dump()
        for name, values in sections.items():
            plain[name] |= values
        self.settings = Settings.model_validate(plain)

    def build(self, **request: Any) -> RunResult:
        self.save()
        return run.build(self.settings, self.root, Request(**request), work=stub_market.work)

    def tree(self) -> dict[str, str]:
        """Path below out/markets → hash."""
        top = self.root / "out" / "markets"
        return {
            path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }

    def run_json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.root / "out" / "run.json").read_text())
        return loaded
