"""Where the files live that are not Python: templates and sample data.

In a checkout they are the top-level folders ``templates/`` and ``data/``; a wheel carries the
same folders inside the package (hatch ``force-include``), so an installed program needs no
checkout. importlib.resources was rejected: WeasyPrint, Jinja and the sample project all want
real folders, and the package is never imported from a zip.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportgen.errors import EnvironmentMissing

PACKAGE = Path(__file__).resolve().parent
"""The package's own folder: what its fingerprint covers and where its catalogues lie."""

CATALOGUES = PACKAGE / "report" / "locale"
"""Translations, one .po per language."""


@cache
def _folder(name: str) -> Path:
    for candidate in (PACKAGE / f"_{name}", PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise EnvironmentMissing(
        f"The folder of {name} that belongs to reportgen is missing; install the package again.", code=f"no-{name}"
    )


def templates_dir() -> Path:
    """Folder with ``html/``, ``css/``, ``js/``, ``fonts/`` and ``quarto/``.

    Raises
    ------
    EnvironmentMissing
        If neither the wheel's nor the checkout's folder is there.
    """
    return _folder("templates")


def data_dir() -> Path:
    """Folder of the demo panel and its data dictionary.

    Raises
    ------
    EnvironmentMissing
        If neither the wheel's nor the checkout's folder is there.
    """
    return _folder("data")
