"""Recipes: files that run a project every month, by cron, systemd, a CI service or a cluster.

They lie in ``templates/recipes`` as they are, with ``@PROJECT@``, ``@PROGRAM@``, ``@WHEEL@`` and ``@VERSION@`` to be
filled in, each quoted as its file wants it. Nothing that exists is overwritten. Rejected: a template language for ten
short files, most of which have braces of their own.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen.batch.state.files import write_atomic
from reportgen.errors import UsageError, cannot_write
from reportgen.resources import templates_dir
from reportgen.settings.messages import did_you_mean
from reportgen.version import __version__

WHEEL = f"reportgen_lmm-{__version__}-py3-none-any.whl"
"""File that recipes install, by its path: a name would be looked up on an index, where anybody may answer."""
RECIPES = {
    "cron": ("monthly.sh", "reportgen.cron"),
    "systemd": ("monthly.sh", "reportgen.service", "reportgen.timer"),
    "github": ("reportgen.yml",),
    "github-pages": ("github-pages.yml",),
    "s3": ("s3-sync.sh",),
    "docker": ("Dockerfile", "dockerignore"),
    "slurm": ("array.slurm", "merge.slurm", "slurm.sh"),
    "kubernetes": ("kubernetes-build.yaml", "kubernetes-merge.yaml", "kubernetes.sh"),
    "airflow": ("reportgen_dag.py.txt",),
}
"""Recipe → its files below ``templates/recipes``."""
_PLACES = {
    "reportgen.yml": ".github/workflows/reportgen.yml",
    "github-pages.yml": ".github/workflows/github-pages.yml",
    "Dockerfile": "Dockerfile",
    "dockerignore": ".dockerignore",
    "reportgen_dag.py.txt": "recipes/reportgen_dag.py",
}
"""Where a file goes in the project, if not to ``recipes/`` under its own name."""


def parse_recipes(text: str) -> tuple[str, ...]:
    """Read a comma list of recipe names.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in RECIPES:
            hint = did_you_mean(name, RECIPES)
            raise UsageError(f"--recipe {name}: choose from {', '.join(RECIPES)}.{hint}", code="unknown-recipe")
    return names


def write_recipes(folder: Path, names: Sequence[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Write the files of some recipes into a project; return those written and those that were there already.

    Raises
    ------
    EnvironmentMissing
        If the folder cannot be written.
    """
    sources = dict.fromkeys(source for name in names for source in RECIPES[name])
    written, kept = [], []
    try:
        for source in sources:
            path = folder / _PLACES.get(source, f"recipes/{source}")
            if path.exists():
                kept.append(path)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, recipe_text(source, folder.absolute()).encode())
            if path.suffix in {".sh", ".slurm"}:
                path.chmod(0o755)
            written.append(path)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return tuple(written), tuple(kept)


def recipe_text(source: str, project: Path) -> str:
    """Return a recipe's file for a project, with its folder, this program and its version filled in."""
    quote = _QUOTES.get(source.partition(".")[2].removesuffix(".txt"), str)
    text = (templates_dir() / "recipes" / source).read_text("utf-8")
    # The whole path first: quoted in one piece it stays one word where the folder has a blank.
    text = text.replace("@PROJECT@/recipes/monthly.sh", quote(f"{project}/recipes/monthly.sh"))
    for token, value in (("@PROJECT@", str(project)), ("@PROGRAM@", _program())):
        text = text.replace(token, quote(value))
    return text.replace("@WHEEL@", WHEEL).replace("@VERSION@", __version__)


def _program() -> str:
    """Return the path of the command ``reportgen`` that belongs to this Python."""
    # Timers and cron run without a user's PATH: the command of this very environment, by its path.
    beside = Path(sys.executable).with_name("reportgen")
    return str(beside) if beside.is_file() else shutil.which("reportgen") or "reportgen"


def _cron(text: str) -> str:
    # In a crontab a bare percent sign ends the command (crontab(5)).
    return shlex.quote(text).replace("%", "\\%")


def _systemd(text: str) -> str:
    # systemd.service(5): specifiers begin with a percent sign, variables with a dollar, and both are doubled to be
    # themselves.
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != text or " " in plain else plain


_QUOTES: dict[str, Callable[[str], str]] = {
    "sh": shlex.quote,
    "slurm": shlex.quote,
    "cron": _cron,
    "service": _systemd,
    "py": json.dumps,
}
"""Ending of a file → how text is quoted in it."""
