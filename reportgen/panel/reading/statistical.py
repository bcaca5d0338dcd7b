"""Tables that pandas holds: Stata, SPSS and SAS with their value labels, JSON, and data frames of the caller.

Codes with labels become their labels, dates stay dates, and numbers are numbers already.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import EnvironmentMissing, ReadError
from reportgen.panel.reading.raw import KeyFinder, RawTable, cell_text, is_number

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = frozenset({".dta", ".sav", ".zsav", ".por", ".sas7bdat", ".xpt", ".json", ".jsonl", ".ndjson"})


def read_statistical(path: Path, keys: KeyFinder) -> RawTable:
    """File as a table; the columns that ``keys`` finds become text.

    Raises
    ------
    ReadError
        ``damaged-file``, ``empty-file``, ``not-a-table``.
    EnvironmentMissing
        If the reader is not installed.
    """
    data = path.read_bytes()
    if not data.strip():
        raise ReadError(f"{path.name}: the file is empty. Export the table again.", code="empty-file")
    return typed_table(_read(path, data), keys, source=path.name, sha256=hashlib.sha256(data).hexdigest())


def typed_table(frame: pd.DataFrame, keys: KeyFinder, *, source: str, sha256: str) -> RawTable:
    """Columns with types as a table; the columns that ``keys`` finds become text."""
    import pandas as pd

    text = keys([str(name) for name in frame.columns])
    columns = {
        str(name): _column(frame.iloc[:, k].reset_index(drop=True), text=str(name) in text)
        for k, name in enumerate(frame.columns)
    }
    return RawTable(frame=pd.DataFrame(columns), source=source, first_row=1, sha256=sha256)


def _read(path: Path, data: bytes) -> pd.DataFrame:
    import pandas as pd

    suffix = path.suffix.casefold()
    try:
        if suffix in {".json", ".jsonl", ".ndjson"}:
            return _from_json(data, path.name)
        if suffix == ".dta":
            return pd.read_stata(path, convert_categoricals=True)
        if suffix == ".xpt":
            return pd.read_sas(path, format="xport", encoding="utf-8")
        import pyreadstat

        reader: Any = {".sas7bdat": pyreadstat.read_sas7bdat, ".por": pyreadstat.read_por}.get(
            suffix, pyreadstat.read_sav
        )
        options: dict[str, Any] = {} if suffix == ".sas7bdat" else {"apply_value_formats": True}
        frame: pd.DataFrame = reader(str(path), **options)[0]
    except ImportError:
        raise EnvironmentMissing(
            f"{path.name}: the reader of such files is not installed. Install it with: pip install pyreadstat.",
            code="missing-driver",
        ) from None
    except (ValueError, KeyError, TypeError, OSError, OverflowError) as error:
        raise _damaged(path.name, error) from error
    except Exception as error:
        # pyreadstat raises errors of classes of its own, which can be named only where it is installed.
        if type(error).__module__.partition(".")[0] != "pyreadstat":
            raise
        raise _damaged(path.name, error) from error
    return frame


def _damaged(name: str, error: BaseException) -> ReadError:
    found = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return ReadError(f"{name}: the file cannot be read ({found}). Export it again, or as CSV.", code="damaged-file")


def _from_json(data: bytes, name: str) -> pd.DataFrame:
    """Records, or columns of lists, at the top or under the only list of an object; or one record a line."""
    import pandas as pd

    text = data.decode("utf-8-sig")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(found, dict):
        # Web services wrap their records: {"count": 3, "rows": [...]}.
        lists = [value for value in found.values() if isinstance(value, list)]
        records = [value for value in lists if value and all(isinstance(item, dict) for item in value)]
        if len(records) == 1:
            found = records[0]
        elif lists and len(lists) == len(found) and len({len(value) for value in lists}) == 1:
            return pd.DataFrame(found)
    if not isinstance(found, list) or not found or not all(isinstance(item, dict) for item in found):
        raise ReadError(
            f"{name}: this is not a list of records. Write the table as a list of objects with the same names.",
            code="not-a-table",
        )
    names = list(dict.fromkeys(key for item in found for key in item))
    return pd.DataFrame({key: pd.Series([item.get(key) for item in found], dtype=object) for key in names})


def _column(column: pd.Series, *, text: bool) -> pd.Series:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype == object or text:
        cells = column.tolist()
        known = [c for c in cells if c is not None and c is not pd.NA and not (isinstance(c, float) and c != c)]  # noqa: PLR0124 - NaN
        if not text and known and all(map(is_number, known)):
            return pd.to_numeric(pd.Series(cells), errors="coerce").astype("float64")
        if not text and any(map(is_number, known)):
            return pd.Series(cells, dtype=object)
        return pd.Series([None if pd.isna(c) else cell_text(c) for c in cells], dtype="str")
    return column
