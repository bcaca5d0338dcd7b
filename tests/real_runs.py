"""Whole runs as a user starts them: a project folder, the real command line, the real fit and documents.

``RealProject.run`` is the command line inside this process (workers are real processes, and their fork server is loaded
once per test run); ``RealProject.program`` is a process of its own. Tables are small, so that a market takes a fraction
of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pikepdf

from bad_inputs import clean_table
from reportgen.batch.state import record
from reportgen.cli import main
from reportgen.resources import data_dir

CHECKOUT = Path(__file__).resolve().parent.parent
AS_OF = "2024-01-31"
PARTITIONED = ("NA", "00123", "Ünï/1")
"""Markets of :func:`write_partitioned`: codes that must stay text."""


@dataclass(frozen=True)
class Ended:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything printed."""
        return self.out + self.err


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


@dataclass
class RealProject:
    """A folder with settings and a table. ``settings`` are sections of reportgen.toml."""

    root: Path
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, table: pd.DataFrame | None = None, **sections: dict[str, Any]) -> None:
        """Write reportgen.toml, with further settings, and the table if one is given."""
        (self.root / "data").mkdir(parents=True, exist_ok=True)
        for name, values in sections.items():
            self.settings.setdefault(name, {}).update(values)
        chosen = {"run": {"as_of": AS_OF, "jobs": 2}, "adstock": {"decay": 0.5}}
        for name, values in self.settings.items():
            chosen[name] = {**chosen.get(name, {}), **values}
        lines = []
        for name, values in chosen.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        (self.root / "reportgen.toml").write_text("\n".join(lines) + "\n", "utf-8")
        if table is not None:
            table.to_csv(self.root / "data" / "panel.csv", index=False, encoding="utf-8")

    def run(self, *arguments: str) -> Ended:
        """Run the command line inside this process, from the project's folder."""
        out, err, here = io.StringIO(), io.StringIO(), Path.cwd()
        code: object = 0
        os.chdir(self.root)
        try:
            with (
                mock.patch.object(sys, "argv", ["reportgen", *arguments]),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                main()
        except SystemExit as ended:
            code = ended.code
        finally:
            os.chdir(here)
        done = Ended(int(code or 0), out.getvalue(), err.getvalue())  # type: ignore[call-overload]
        assert "Traceback" not in done.said, done.said
        return done

    def program(self, *arguments: str, timeout: float = 120, **environment: str) -> Ended:
        """Run the command line in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "reportgen", *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def out(self) -> Path:
        """The output folder."""
        return self.root / "out"

    def account(self) -> dict[str, Any]:
        """Content of run.json, which must be whole."""
        content = record.unseal(self.out / "run.json")
        assert content is not None
        return content

    def folder(self, market: str) -> Path:
        """Folder of a market."""
        from reportgen.batch.state.files import slug

        return self.out / "markets" / slug(market)

    def files(self) -> dict[str, bytes]:
        """All files of all outputs by path below the output folder."""
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }

    def assert_sound(self) -> None:
        """Whatever is at a final path is complete, and run.json says what is there."""
        markets = self.out / "markets"
        for folder in markets.iterdir() if markets.is_dir() else ():
            found = record.read_record(folder)
            assert found is not None, folder
            assert record.damaged_files(folder, found) == ()
        if (self.out / "run.json").exists():
            for entry in self.account()["markets"].values():
                there = record.read_record(markets / entry["slug"])
                assert entry["files"] == ([name for name, _ in there.files] if there else [])


def tree(out: Path, *, without: Sequence[str] = ("run.json", ".lock")) -> dict[str, str]:
    """Path below ``out`` → hash, of everything a reader gets (run.json holds seconds)."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in without and "shards" not in path.relative_to(out).parts
    }


def small_table(*markets: str) -> pd.DataFrame:
    """A table of small markets that can be estimated."""
    return clean_table(markets or ("A", "B", "C"), pharmacies=8, periods=12)


def with_own_templates(root: Path, *, formats: Sequence[str]) -> RealProject:
    """A project built without documents, its templates in ``mine``: each render then makes ``formats``."""
    made = RealProject(root)
    made.write(small_table("A"), report={"formats": ["results"]})
    assert made.run("build", "--quiet").code == 0
    made.write(report={"templates": "mine", "formats": list(formats)})
    (root / "mine").mkdir()
    return made


def everything_in(pdf: bytes) -> bytes:
    """All streams of a PDF, unpacked, and its plain objects."""
    parts = [pdf]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for thing in document.objects:
            if isinstance(thing, pikepdf.Stream):
                try:
                    parts.append(thing.read_bytes())
                except pikepdf.PdfError:
                    parts.append(thing.read_raw_bytes())
    return b"\n".join(parts)


def write_partitioned(root: Path, markets: tuple[str, ...] = PARTITIONED, months: int = 14) -> Path:
    """Write ``hive``, a folder of Parquet partitioned by market: small markets cut from the demo panel."""
    demo = pd.read_csv(data_dir() / "demo_panel.csv")
    frames = []
    for (_, frame), market in zip(demo.groupby("market"), markets, strict=False):
        periods = sorted(frame["month"].unique())[:months]
        pharmacies = sorted(frame["pharmacy"].unique())[:10]
        kept = frame[frame["month"].isin(periods) & frame["pharmacy"].isin(pharmacies)]
        frames.append(kept.assign(market=market))
    folder = root / "hive"
    pd.concat(frames).to_parquet(folder, partition_cols=["market"])
    return folder
