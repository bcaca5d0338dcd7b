"""The two ways to an analysis: from a table, and from a results.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from reportgen.errors import InputError
from reportgen.notebook.analysis import MarketAnalysis
from reportgen.notebook.markets import MarketAnalyses, choose
from reportgen.notebook.opening import open_table
from reportgen.project.verbs import open_project
from reportgen.results import from_json
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["analyse", "load_results"]


def load_results(path: str | Path, *, project: str | Path | None = None) -> MarketAnalysis:
    """Read a results.json: what :func:`analyse` returns, without the data.

    Parameters
    ----------
    path
        The file, or the market's folder with it.
    project
        Whose settings (language, currency, brand) its documents have; defaults without.

    Raises
    ------
    InputError
        If the file is missing or is no results.json of a version this program knows.
    """
    file = Path(path) / "results.json" if Path(path).is_dir() else Path(path)
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file.name}: {error.strerror}.", code="results-unreadable") from error
    settings = Settings() if project is None else open_project(Path(project))[0]
    return MarketAnalysis(results=from_json(text), settings=settings)


@overload
def analyse(
    data: pd.DataFrame | str | Path | None = None, market: str = ..., *, project: str | Path | None = None,
    overrides: Mapping[str, object] | None = None, together: bool = True,
) -> MarketAnalysis: ...  # fmt: skip


@overload
def analyse(
    data: pd.DataFrame | str | Path | None = None, market: Sequence[str] | None = None, *,
    project: str | Path | None = None, overrides: Mapping[str, object] | None = None, together: bool = True,
) -> MarketAnalyses: ...  # fmt: skip


def analyse(
    data: pd.DataFrame | str | Path | None = None, market: str | Sequence[str] | None = None, *,
    project: str | Path | None = None, overrides: Mapping[str, object] | None = None, together: bool = True,
) -> MarketAnalysis | MarketAnalyses:  # fmt: skip
    """Analyse a table without a project and without files, here in this process.

    ::

        reportgen.analyse("sales.csv", market="PL-01").summary()

    Parameters
    ----------
    data
        A pandas data frame, a file, a folder of Parquet or an address of a database; ``panel.source`` of the project by
        default. Without a project, columns are found by name and by what they hold, as ``init`` does; what was guessed
        is in ``assumed``.
    market
        One code gives one :class:`MarketAnalysis`. Several, or none for all, give a mapping over the markets, each
        analysed when it is first asked for; ``.one`` is the only market of a table that has one.
    project
        Folder whose reportgen.toml holds.
    overrides
        Settings, e.g. ``{"panel.promotion": ["calls"], "model.response": "log"}``.
    together
        Ask all markets of the table what they agree on (``auto`` settings, curves), so that numbers are those of a
        build; False: each market decides for itself, which is faster for one of many.

    Raises
    ------
    ReportgenError
        If the table cannot be read or breaks the data contract, or there is no such market. A market that cannot be
        estimated is an analysis that says why.
    """
    opened = open_table(data, project, overrides)
    found = MarketAnalyses(opened, choose(opened, market), together=together)
    return found.one if isinstance(market, str) else found
