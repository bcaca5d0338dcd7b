"""Other Pythons, and the lowest and newest versions of what the program needs: ``python scripts/matrix.py``.

Every interpreter that is here (3.11 to 3.14, on PATH or under pyenv) gets a virtual environment for each end of the
versions: ``lowest`` are the lower bounds of pyproject.toml, ``newest`` whatever the index has. A set of tests runs in
each, and the table of what came out goes to ``tests/benchmarks/results/matrix.md``. Cells that are asked for by name
(``3.12-newest``) are run alone; the rows of others stay.
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
ENDS = ("lowest", "newest")
TESTS = ("tests/test_api.py", "tests/notebook", "tests/results", "tests/panel/test_transforms.py")
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "jsonschema", "pypdf")
SHOWN = ("numpy", "pandas", "scipy", "statsmodels", "pydantic", "matplotlib")
HEAD = """# Pythons and versions

`make test-matrix`: the interpreters that were here, with the lowest versions that pyproject.toml allows and with the
newest that the index had. What is not in the table was not run.

| Python | versions | tests | seconds | stack |
|---|---|---|---|---|
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


def lower_bounds() -> list[str]:
    """``name==version`` of every direct need at its lower bound."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    pairs = (re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)", need) for need in project["dependencies"])
    return [f"{pair[1]}=={pair[2]}" for pair in pairs if pair]


def run_cell(version: str, program: str, end: str, folder: Path) -> str:
    """Install and test one cell; a row of the table."""
    start = time.monotonic()
    venv, bounds = folder / f"{version}-{end}", folder / "bounds.txt"
    bounds.write_text("\n".join(lower_bounds()) + "\n", "utf-8")
    subprocess.run([program, "-m", "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    only = ["-c", str(bounds)] if end == "lowest" else []
    install = [python, "-m", "pip", "install", "--quiet", *only, str(folder / "source"), *TOOLS]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), "could not be installed")
        return row(version, end, f"not installed: {said[:120]}", start, "")
    # Deprecations between other packages of two ages are no failures of this one.
    command = [python, "-m", "pytest", "-q", "-W", "default", "-p", "no:cacheprovider", "-m", "not slow", *TESTS]
    done = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True, check=False)
    ended = [line for line in done.stdout.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    code = f"from importlib.metadata import version; print(*(n + ' ' + version(n) for n in {SHOWN!r}), sep=', ')"
    stack = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    sys.stdout.write(done.stdout[-1500:] if done.returncode else "")
    return row(version, end, re.sub(r" in [\d.]+s.*", "", ended[-1]) if ended else "did not start", start, stack)


def row(version: str, end: str, said: str, start: float, stack: str) -> str:
    """A row of the table."""
    return f"| {version} | {end} | {said} | {time.monotonic() - start:.0f} | {stack} |"


def main(wanted: list[str]) -> int:
    """Run the cells and write the table."""
    rows: dict[str, str] = {}
    if TABLE.is_file():
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
        for version, program in there.items():
            for end in ENDS:
                name = f"{version}-{end}"
                if not wanted or name in wanted:
                    rows[name] = run_cell(version, program, end, Path(folder))
                    sys.stdout.write(rows[name] + "\n")
                    sys.stdout.flush()
                    shutil.rmtree(Path(folder) / name, ignore_errors=True)
                    TABLE.write_text(HEAD + "\n".join(rows[one] for one in sorted(rows)) + "\n", encoding="utf-8")
    return int(any("failed" in one or "error" in one or "not " in one for one in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
