"""Other Pythons, and the lowest and newest versions of what the program needs: ``python scripts/matrix.py``.

Every interpreter that is here (3.11 to 3.14, on PATH or under pyenv) gets a virtual environment for each end of the
versions: ``lowest`` are the lower bounds of pyproject.toml (where a Python has no wheel of one, the first later version
that has), ``newest`` whatever the index has. The wheel is installed, a set of tests and a demo market with its PDF and
workbook are run in each, and the table of what came out goes to ``tests/benchmarks/results/matrix.md``. Cells that are
asked for by name (``3.12-newest``) are run alone; the rows of others stay. uv finds and installs the versions.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / "tests" / "benchmarks" / "results" / "matrix.md"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
ENDS = {"lowest": "lowest-direct", "newest": "highest"}
TESTS = ("tests/test_api.py", "tests/notebook", "tests/results", "tests/panel/test_transforms.py")
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "jsonschema", "pypdf")
SHOWN = ("numpy", "pandas", "scipy", "statsmodels", "pydantic", "matplotlib")
HEAD = """# Pythons and versions

`make test-matrix`: the interpreters that were here, with the lowest versions that pyproject.toml allows (and that have
a wheel for this Python) and with the newest that the index had. Each cell installs the wheel, runs a set of tests and
builds a demo market with HTML, PDF and workbook. What is not in the table was not run.

| Python | versions | tests | demo | seconds | stack |
|---|---|---|---|---|---|
"""


def interpreters() -> dict[str, str]:
    """Path of every interpreter by its short version."""
    found: dict[str, str] = {}
    for version in VERSIONS:
        homes = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        program = str(homes[-1]) if homes else shutil.which(f"python{version}")
        if program:
            found[version] = program
    return found


def needs() -> list[str]:
    """What the program and these tests need, with the bounds of pyproject.toml."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    tools = [need for need in project["optional-dependencies"]["dev"] if need.split(">=")[0] in TOOLS]
    return [*project["dependencies"], *tools]


def ran(command: list[str | Path], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that may fail, with all that it says."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def run_cell(version: str, program: str, end: str, folder: Path) -> str:
    """Install and test one cell; a row of the table."""
    start = time.monotonic()
    venv, uv = folder / f"{version}-{end}", folder / "tools" / "bin" / "uv"
    python, (wheel,) = venv / "bin" / "python", folder.glob("*.whl")
    subprocess.run([uv, "venv", "--quiet", "--python", program, venv], check=True)
    choice = ["--resolution", ENDS[end], "--no-build"]
    done = ran([uv, "pip", "install", "--quiet", "--python", python, *choice, wheel, *needs()])
    if done.returncode:
        return row(version, end, f"not installed: {' '.join(done.stderr.split())[:300]}", "", start, "")
    # Deprecations between other packages of two ages are no failures of this one.
    tests = [python, "-m", "pytest", "-q", "-W", "default", "-p", "no:cacheprovider", "-m", "not slow", *TESTS]
    done = ran(tests, folder / "source")
    ended = [line for line in done.stdout.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    said = re.sub(r" in [\d.]+s.*", "", ended[-1]) if ended else "did not start"
    sys.stdout.write(done.stdout[-1500:] if done.returncode else "")
    # From another folder: the installed wheel, not the source.
    demo = ran(
        [venv / "bin" / "reportgen", "demo", "--kind", "experiment", "--formats", "html,pdf,xlsx", venv / "demo"], venv
    )
    sys.stdout.write(demo.stdout + demo.stderr if demo.returncode else "")
    made = {path.suffix for path in (venv / "demo" / "out" / "markets").rglob("report.*")}
    built = "built" if demo.returncode == 0 and made >= {".html", ".pdf", ".xlsx"} else f"failed ({demo.returncode})"
    code = f"from importlib.metadata import version; print(*(n + ' ' + version(n) for n in {SHOWN!r}), sep=', ')"
    return row(version, end, said, built, start, ran([python, "-c", code]).stdout.strip())


def row(version: str, end: str, said: str, built: str, start: float, stack: str) -> str:
    """A row of the table."""
    return f"| {version} | {end} | {said} | {built} | {time.monotonic() - start:.0f} | {stack} |"


def main(wanted: list[str]) -> int:
    """Run the cells and write the table."""
    rows: dict[str, str] = {}
    written = ""
    if TABLE.is_file():
        # What was written by hand below the table stays.
        written = TABLE.read_text("utf-8").rpartition("|\n")[2]
        for line in TABLE.read_text("utf-8").splitlines():
            if found := re.match(r"\| (3\.\d+) \| (lowest|newest) \|", line):
                rows[f"{found[1]}-{found[2]}"] = line
    there = interpreters()
    sys.stdout.write(f"{platform.system()}: {', '.join(there)}; not here: {set(VERSIONS) - set(there) or 'none'}\n")
    with tempfile.TemporaryDirectory() as folder:
        # What is committed, in a place of its own: work goes on in this one meanwhile.
        source = Path(folder) / "source"
        source.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=TOP, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", str(source)], input=archive.stdout, check=True)
        tool = Path(folder) / "tools"
        subprocess.run([sys.executable, "-m", "venv", tool], check=True)
        subprocess.run([tool / "bin" / "python", "-m", "pip", "install", "--quiet", "uv>=0.5"], check=True)
        subprocess.run([tool / "bin" / "uv", "build", "--quiet", "--wheel", "-o", folder, source], check=True)
        for version, program in there.items():
            for end in ENDS:
                name = f"{version}-{end}"
                if not wanted or name in wanted:
                    rows[name] = run_cell(version, program, end, Path(folder))
                    sys.stdout.write(rows[name] + "\n")
                    sys.stdout.flush()
                    shutil.rmtree(Path(folder) / name, ignore_errors=True)
                    TABLE.write_text(
                        HEAD + "\n".join(rows[one] for one in sorted(rows)) + "\n" + written, encoding="utf-8"
                    )
    return int(any("failed" in one or "error" in one or "not " in one for one in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
