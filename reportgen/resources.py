"""Where the templates and the demo data are, in a checkout and in an installed wheel.

In a checkout they are the top-level folders ``templates/`` and ``data/``; the wheel carries the
same folders as ``reportgen/_templates`` and ``reportgen/_data``. Nothing else in the package
may guess such a path. ``importlib.resources`` was not used: WeasyPrint and Jinja want real paths,
and zipped installs are not supported.
"""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import EnvironmentMissing

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """Return the folder that holds ``html/``, ``css/`` and ``quarto/``.

    Raises
    ------
    EnvironmentMissing
        If the installation carries no templates.
    """
    return _find("templates")


def data_dir() -> Path:
    """Return the folder that holds the demo panel and its dictionary.

    Raises
    ------
    EnvironmentMissing
        If the installation carries no data.
    """
    return _find("data")


def _find(name: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise EnvironmentMissing(
        f"this installation of reportgen carries no {name}; install it again.", code=f"no-{name}"
    )
