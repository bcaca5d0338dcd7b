"""From ``panel.source`` to a raw table, whatever the source is.

What the bytes are decides, not only the ending of the name; pickled data are never loaded. Every foreign failure
becomes a :class:`ReadError` that says what, where, found and what to do. Judging the values is left to
``contract.py``.
"""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen import plugins
from reportgen.errors import ReadError
from reportgen.panel.reading import columnar, database
from reportgen.panel.reading.columns import find_columns
from reportgen.panel.reading.delimited import read_delimited
from reportgen.panel.reading.kinds import begins_like_text, refuse_other_kinds, refuse_web_pages
from reportgen.panel.reading.layouts.arrange import arrange
from reportgen.panel.reading.layouts.wide import find_periods
from reportgen.panel.reading.raw import KeyFinder, RawTable, cell_text
from reportgen.panel.reading.spreadsheet import SHEET, read_spreadsheet
from reportgen.panel.reading.statistical import SUFFIXES, read_statistical, typed_table
from reportgen.panel.reading.values.currency import currency_columns
from reportgen.panel.reading.values.source_conventions import Conventions, Evidence
from reportgen.settings.coerce import fold_name
from reportgen.settings.sections import PanelSettings, Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RawTable", "is_database", "list_markets", "read_frame", "read_table", "survey_partitions", "typed_columns"]

FRAME = "DataFrame"
"""What messages call a table that is no file."""

_SPREADSHEETS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_PICKLES = {".pkl", ".pickle", ".joblib", ".dill"}
_OLE = b"\xd0\xcf\x11\xe0"
_START = 4096
"""Bytes at the beginning of a file that tell its kind."""


def is_database(source: str) -> bool:
    """Whether ``panel.source`` names a database and not a file."""
    return "://" in source or source.startswith("duckdb:")


def read_table(panel: PanelSettings, root: Path, market: str | None = None, files: Sequence[Path] = ()) -> RawTable:
    """Read the source of the settings.

    Parameters
    ----------
    panel
        Where the table is and how its columns are called.
    root
        Folder that relative paths start from.
    market
        Read only this market, where the source is Parquet; of a folder partitioned by market only its files are
        opened. Other sources are read whole.
    files
        Its files as :func:`list_markets` gave them: then the folder is not searched again.

    Raises
    ------
    ReadError
        If there is no table to read, see the readers for the codes.
    EnvironmentMissing
        If a database driver is not installed.
    """
    if is_database(panel.source):
        return arrange(database.read_database(panel, root, _key_finder(panel)), panel)
    path = root / panel.source
    try:
        return arrange(_read_path(path, panel, market, files), panel, SHEET)
    except (OSError, MemoryError, ValueError) as error:
        raise _foreign(path, error) from error


def read_frame(frame: pd.DataFrame, panel: PanelSettings, source: str = FRAME) -> RawTable:
    """Read a data frame as if it came from a file: columns by their names, an index with names as columns.

    Raises
    ------
    ReadError
        If it has no rows, or two columns of one name.
    """
    import pandas as pd

    frame = typed_columns(frame, source)
    digest = hashlib.sha256(repr([*frame.columns]).encode("utf-8", "surrogatepass"))
    digest.update(pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().tobytes())
    return arrange(typed_table(frame, _key_finder(panel), source=source, sha256=digest.hexdigest()), panel, SHEET)


def typed_columns(frame: pd.DataFrame, source: str = FRAME) -> pd.DataFrame:
    """The frame with its named index as columns, and every column of one type that a file could hold.

    Raises
    ------
    ReadError
        If it has no rows, or two columns of one name.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    if not len(frame):
        raise ReadError(f"{source}: there are no rows in it.", code="empty-file")
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ReadError(f"{source}: two columns are called {twice[0]}. Rename one.", code="duplicate-column")
    made = typed_table(frame, lambda _: (), source=source, sha256="").frame
    mixed = [name for name in made.columns if made[name].dtype == object]
    return made.assign(**{name: made[name].map(cell_text, na_action="ignore") for name in mixed}) if mixed else made


def list_markets(panel: PanelSettings, root: Path) -> dict[str, tuple[Path, ...]] | None:
    """Markets of a folder partitioned by market and their files, without reading data; None for every other source.

    Raises
    ------
    ReadError
        If the folder holds no Parquet files.
    """
    path = root / panel.source
    if is_database(panel.source) or not path.is_dir():
        return None
    column = find_columns(columnar.list_columns(path), panel).market
    return columnar.list_partitions(path, column) if column else None


def survey_partitions(
    settings: Settings, root: Path, files: Mapping[str, Sequence[Path]], names: Sequence[str] | None = None
) -> Conventions:
    """Conventions of a folder partitioned by market, from the text of all its files, one file at a time.

    Files that cannot be read are left to whoever reads their market.
    """
    path = root / settings.panel.source
    names = names or columnar.list_columns(path)
    columns = find_columns(names, settings.panel)
    found = Evidence(heading=columns.sales)
    if find_periods(names) or not columns.sales:
        return _survey_wide(settings, root, files, found)
    wanted = (*columns.numbers, columns.month, *currency_columns(columns.spare))
    for own in files.values():
        for file in own:
            with contextlib.suppress(ReadError, OSError):
                found.update(columnar.text_columns(file, wanted), columns)
    return found.conclude(settings)


def _survey_wide(settings: Settings, root: Path, files: Mapping[str, Sequence[Path]], found: Evidence) -> Conventions:
    """Conventions of a folder whose files have other columns than they are read with: each market is laid out first."""
    for market, own in files.items():
        with contextlib.suppress(ReadError, OSError):
            frame = read_table(settings.panel, root, market, own).frame
            found.update(frame, find_columns([str(name) for name in frame.columns], settings.panel))
    return found.conclude(settings)


def _read_path(path: Path, panel: PanelSettings, market: str | None, files: Sequence[Path]) -> RawTable:
    if not path.exists():
        raise ReadError(f"{panel.source}: there is no such file. {_nearby(path)}", code="missing-file")
    if path.is_dir():
        return _read_parquet(path, panel, market, files)
    if not path.is_file():
        raise ReadError(f"{path.name}: this is not a regular file. Name a file or a folder.", code="not-a-file")
    with path.open("rb") as stream:
        start = stream.read(_START)
    suffix = path.suffix.casefold()
    # A pickle of protocol 2 and later begins with its opcode PROTO and the number of the protocol.
    if suffix in _PICKLES or (start[:1] == b"\x80" and start[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}):
        kind = "Parquet" if suffix in {".parquet", ".pq"} else "a table"
        raise ReadError(
            f"{path.name}: this is pickled Python data, not {kind}, and pickled data are never loaded "
            "(loading one runs its code). Export the table as Parquet or CSV.",
            code="pickle",
        )
    if own := plugins.named("reportgen.readers", suffix.removeprefix(".")):
        return _read_by_plugin(path, panel, own)
    refuse_other_kinds(path, start)
    # By their bytes where these say it, and by the ending where damage may have taken them: the reader then says so.
    if start[:4] == columnar.MAGIC or suffix in {".parquet", ".pq"}:
        return _read_parquet(path, panel, market)
    # Old Excel files are OLE containers, new ones ZIP archives.
    # Programs write text, or a web page, under the name of a workbook, and Excel opens both without a word.
    if suffix in _SPREADSHEETS and begins_like_text(start):
        refuse_web_pages(path, start)
        return read_delimited(path, wanted=_wanted(panel))
    if start[:4] == _OLE or suffix in _SPREADSHEETS or zipfile.is_zipfile(path):
        return _read_spreadsheet(path, panel)
    if suffix in SUFFIXES:
        return read_statistical(path, _key_finder(panel))
    return read_delimited(path, wanted=_wanted(panel))


def _read_by_plugin(path: Path, panel: PanelSettings, reader: plugins.Plugin) -> RawTable:
    """A file whose ending an installed package reads (entry points ``reportgen.readers``)."""
    import pandas as pd

    frame = reader.call(path)
    if not isinstance(frame, pd.DataFrame):
        raise ReadError(f"{path.name}: the reader {reader.value} gave no DataFrame.", code="bad-plugin")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return typed_table(frame, _key_finder(panel), source=path.name, sha256=digest)


def _read_parquet(path: Path, panel: PanelSettings, market: str | None, files: Sequence[Path] = ()) -> RawTable:
    found = find_columns(columnar.list_columns(path, files), panel)
    selection = (found.market, market) if market is not None and found.market else None
    return columnar.read_parquet(path, _key_finder(panel), selection, files)


def _read_spreadsheet(path: Path, panel: PanelSettings) -> RawTable:
    if path.stat().st_size == 0:
        raise ReadError(f"{path.name}: the file is empty. Export the table again.", code="empty-file")
    return read_spreadsheet(path, panel.table, _key_finder(panel), _wanted(panel))


def _wanted(panel: PanelSettings) -> tuple[str, ...]:
    """Names that a header is known by."""
    keys = (key if isinstance(key, tuple) else (key,) for key in (panel.market, panel.pharmacy, panel.month))
    named = (*(name for key in keys for name in key if name), panel.sales, *panel.promotion)
    return (*named, "market code", "pharmacy code", "month", "sales amount (₹)")


def _key_finder(panel: PanelSettings) -> KeyFinder:
    def keys(names: Sequence[str]) -> tuple[str, ...]:
        found = find_columns(names, panel)
        keys = (panel.market, panel.pharmacy, panel.territory)
        parts = [name for key in keys if isinstance(key, tuple) for name in key]
        folded = {fold_name(name) for name in parts}
        whole = (found.market, found.pharmacy, *((found.territory,) if found.territory else ()))
        return (*whole, *(name for name in names if fold_name(name) in folded))

    return keys


def _nearby(path: Path) -> str:
    import difflib

    folder = path.parent
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")) if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f'Did you mean "{near[0]}"?' if near else "Set panel.source to the file, or name it on the command line."


def _foreign(path: Path, error: BaseException) -> ReadError:
    if isinstance(error, PermissionError):
        return ReadError(f"{path.name}: the file may not be read. Change its permissions.", code="unreadable")
    if isinstance(error, MemoryError):
        return ReadError(f"{path.name}: there is not enough memory for this table. Split it.", code="too-large")
    found = getattr(error, "strerror", None) or type(error).__name__
    return ReadError(
        f"{path.name}: the file cannot be read ({found}). Check it, or export it again.", code="unreadable"
    )
