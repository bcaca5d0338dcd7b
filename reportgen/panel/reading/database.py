"""Databases: any SQLAlchemy URL, and DuckDB files.

The connection cannot write: SQLite and DuckDB files are opened read-only, servers run the one SELECT in a transaction
that is declared read-only where they know such a thing, and is rolled back anywhere. A password comes from the
environment (``REPORTGEN_DB_PASSWORD``, or the driver's own variable such as ``PGPASSWORD``), never from the settings,
and no message repeats what a driver said without removing it. Rejected: pandas' reader, which guesses types per chunk.
"""

from __future__ import annotations

import decimal
import hashlib
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import EnvironmentMissing, ReadError
from reportgen.panel.reading.raw import KeyFinder, RawTable, cell_text, is_number
from reportgen.settings.read import SECRET_OPTION
from reportgen.settings.sections import PanelSettings

if TYPE_CHECKING:
    import sqlite3

    import pandas as pd
    from sqlalchemy import URL, Executable

PASSWORD_VARIABLE = "REPORTGEN_DB_PASSWORD"  # noqa: S105 - the name of a variable, not a password
# Taken out before forbidden words are looked for: a column "drop rate" and a text 'update it' write nothing.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert\s+into|delete\s+from|update\s+\S+\s+set|merge\s+into|replace\s+into|into\s+(outfile|dumpfile)|drop\s+\w+|"
    r"truncate\s+\w+|alter\s+\w+|create\s+\w+|attach|copy\s+\S+\s+to)\b",
    re.IGNORECASE,
)
"""Statements that change something; a second line of defence where a driver knows no read-only transaction."""
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
"""First statement of the transaction, by dialect."""


def read_database(panel: PanelSettings, root: Path, keys: KeyFinder) -> RawTable:
    """Table or query of ``panel.source`` as a table; the columns that ``keys`` finds become text.

    Raises
    ------
    ReadError
        ``bad-url``, ``password-in-settings``, ``missing-table``, ``bad-query``, ``missing-file``, ``database``.
    EnvironmentMissing
        If the driver is not installed.
    """
    _check_request(panel)
    names, rows = _fetch_duckdb(panel, root) if panel.source.startswith("duckdb:") else _fetch(panel, root)
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise ReadError(
            f"database: the query returns a column name more than once ({', '.join(repeated)}). Give it an alias.",
            code="duplicate-column",
        )
    frame = _to_frame(names, rows, keys)
    return RawTable(frame=frame, source=panel.table or "query", first_row=1, sha256=_hash(frame))


def _check_request(panel: PanelSettings) -> None:
    if panel.source.startswith(("http://", "https://", "ftp://")):
        raise ReadError("panel.source is an address on the web. Download the table and name the file.", code="bad-url")
    if bool(panel.table) == bool(panel.query):
        raise ReadError(
            "database: exactly one of panel.table and panel.query must be set. Name a table, or a SELECT statement.",
            code="missing-table",
        )
    if panel.query and not panel.query.lstrip().casefold().startswith(("select", "with")):
        raise ReadError("database: panel.query must be a SELECT statement. Nothing else is run.", code="bad-query")
    bare = _QUOTED.sub("''", panel.query)
    if ";" in bare.rstrip().rstrip(";"):
        raise ReadError("database: panel.query holds several statements. Write one SELECT.", code="bad-query")
    written = None if panel.source.startswith(tuple(_READ_ONLY)) else _WRITES.search(bare)
    if written:
        raise ReadError(
            f"database: panel.query holds {written[0].upper()}, and nothing may be written to a source. "
            "Write a SELECT; put a name that is such a word in quotes.",
            code="bad-query",
        )
    if SECRET_OPTION.search(panel.source):
        raise ReadError(
            "database: panel.source holds a password or key among its options. Take it out and set "
            f"{PASSWORD_VARIABLE}, or the driver's own variable, in the environment.",
            code="password-in-settings",
        )


def _url(panel: PanelSettings, root: Path) -> URL:
    import sqlalchemy

    try:
        url = sqlalchemy.make_url(panel.source)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise ReadError(
            "database: panel.source is not a database URL. Write dialect://user@host/database.", code="bad-url"
        ) from None
    if url.password is not None:
        raise ReadError(
            f"database: panel.source holds a password. Take it out and set {PASSWORD_VARIABLE} in the environment.",
            code="password-in-settings",
        )
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        file = root / str(url.database)
        if not file.is_file():
            raise ReadError(f"{file.name}: there is no such database file. Correct panel.source.", code="missing-file")
        return url.set(database=str(file))
    if secret := os.environ.get(PASSWORD_VARIABLE):
        return url.set(password=secret)
    return url


def _statement(panel: PanelSettings) -> Executable:
    import sqlalchemy

    if panel.query:
        return sqlalchemy.text(panel.query.rstrip().rstrip(";"))
    schema, _, name = panel.table.rpartition(".")
    return sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(name, schema=schema or None))


def _fetch(panel: PanelSettings, root: Path) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    import sqlalchemy

    url = _url(panel, root)
    try:
        # No pool: the one connection is closed when the rows are there, whatever the run does next.
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, **_opened_read_only(url))
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise EnvironmentMissing(
            f"database: no driver for {url.drivername} is installed ({_first_line(error)}). Install one with pip.",
            code="missing-driver",
        ) from None
    try:
        with engine.connect() as connection:
            if url.get_backend_name() in _READ_ONLY:
                connection.execute(sqlalchemy.text(_READ_ONLY[url.get_backend_name()]))
            result = connection.execute(_statement(panel))
            names = tuple(str(name) for name in result.keys())  # noqa: SIM118 - not a mapping
            rows = [tuple(row) for row in result]
            connection.rollback()
    except (sqlalchemy.exc.SQLAlchemyError, OSError, ValueError, UnicodeError) as error:
        # SQLAlchemy's own message repeats the whole statement; the driver's says what was wrong.
        cause = getattr(error, "orig", None) or error
        raise ReadError(
            f"database: {url.get_backend_name()} could not answer ({_clean(_first_line(cause))}). "
            "Check panel.source, panel.table or panel.query.",
            code="database",
        ) from None
    finally:
        engine.dispose()
    return names, rows


def _opened_read_only(url: URL) -> dict[str, Callable[[], sqlite3.Connection]]:
    """Options of the engine under which an SQLite file is opened by a connection that cannot write."""
    import sqlite3
    from urllib.parse import quote

    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return {}
    # SQLite itself then refuses to write, whatever the statement is.
    address = f"file:{quote(str(Path(str(url.database)).absolute()))}?mode=ro"
    return {"creator": lambda: sqlite3.connect(address, uri=True)}


def _fetch_duckdb(panel: PanelSettings, root: Path) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    try:
        import duckdb
    except ImportError:
        raise EnvironmentMissing(
            "database: DuckDB is not installed. Install it with: pip install 'reportgen-lmm[duckdb]'.",
            code="missing-driver",
        ) from None
    file = root / panel.source.removeprefix("duckdb:").removeprefix("///")
    if not file.is_file():
        raise ReadError(f"{file.name}: there is no such database file. Correct panel.source.", code="missing-file")
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in panel.table.split("."))
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            result = connection.execute(panel.query or f"SELECT * FROM {quoted}")  # noqa: S608 - quoted identifier
            return tuple(item[0] for item in result.description), result.fetchall()
    except duckdb.Error as error:
        raise ReadError(
            f"{file.name}: DuckDB could not answer ({_clean(_first_line(error))}). Check panel.table or panel.query.",
            code="database",
        ) from None


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]


def _clean(text: str) -> str:
    for variable in (PASSWORD_VARIABLE, "PGPASSWORD", "MYSQL_PWD"):
        secret = os.environ.get(variable)
        if secret:
            text = text.replace(secret, "***")
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _to_frame(names: Sequence[str], rows: list[tuple[object, ...]], keys: KeyFinder) -> pd.DataFrame:
    import pandas as pd

    text = keys(names)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame(
        {name: _column(list(values), text=name in text) for name, values in zip(names, columns, strict=True)}
    )


def _column(values: list[object], *, text: bool) -> pd.Series:
    import pandas as pd

    known = [value for value in values if value is not None]
    if not text and known and all(is_number(v) or isinstance(v, decimal.Decimal) for v in known):
        numbers = [math.nan if v is None else float(v) for v in values]  # type: ignore[arg-type]
        return pd.Series(numbers, dtype="float64")
    return pd.Series([None if v is None else _text(v) for v in values], dtype="str")


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else cell_text(value)


def _hash(frame: pd.DataFrame) -> str:
    import pandas as pd

    digest = hashlib.sha256(repr(tuple(frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()
