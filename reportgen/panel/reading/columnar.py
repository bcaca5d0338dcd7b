"""Parquet: one file, or a folder partitioned by market.

Partition values in folder names stay text (``market=NA``, ``market=00123``), and one market of a partitioned folder
is read without touching the others. Rejected: letting the library infer the type of partition keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reportgen.errors import ReadError
from reportgen.panel.reading.raw import KeyFinder, RawTable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyarrow import dataset as arrow_dataset

MAX_ROWS = 100_000_000
MAX_BYTES = 8 * 1024**3
MAGIC = b"PAR1"
_NO_DATA = frozenset({"readme", "readme.md", "readme.txt", "license", "license.txt", "thumbs.db", "desktop.ini"})


def read_parquet(
    path: Path, keys: KeyFinder, market: tuple[str, str] | None = None, files: Sequence[Path] = ()
) -> RawTable:
    """Parquet file or folder as a table; the columns that ``keys`` finds become text.

    Parameters
    ----------
    market
        ``(column, code)``: read only this market. Of a partitioned folder only its files are opened.
    files
        The market's files, where they are known: the folder is not searched then.

    Raises
    ------
    ReadError
        ``not-parquet``, ``damaged-file``, ``too-large``, ``empty-folder``, ``duplicate-column``.
    """
    import pyarrow as pa

    files = list(files) or _files(path)
    chosen = [file for file in files if market is None or _in_partition(path, file, market)]
    for file in chosen:
        _check_magic(path, file)
    try:
        table = _load(path, chosen or files[:1], market)
        frame = _to_frame(table, keys)
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise _damaged(path, error) from error
    return RawTable(frame=frame, source=path.name, first_row=1, sha256=_hash(path, chosen))


def list_partitions(path: Path, column: str) -> dict[str, tuple[Path, ...]] | None:
    """Files of every market of a folder partitioned by ``column``, sorted by market; None where it is not."""
    if not path.is_dir():
        return None
    found: dict[str, tuple[Path, ...]] = {}
    for file in _files(path):
        value = _partition(path, file).get(column)
        if value is None:
            return None
        found[value] = (*found.get(value, ()), file)
    return dict(sorted(found.items()))


def list_columns(path: Path, files: Sequence[Path] = ()) -> tuple[str, ...]:
    """Column names of the first file, including those in folder names, without reading data."""
    import pyarrow as pa

    files = files or _files(path)
    _check_magic(path, files[0])
    try:
        return tuple(_dataset(path, files[:1]).schema.names)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def text_columns(file: Path, names: Sequence[str]) -> pd.DataFrame:
    """Those of the named columns of one file that hold text or whole numbers and are not partition keys.

    Raises
    ------
    ReadError
        If it is no Parquet file, or damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    _check_magic(file, file)
    try:
        schema = parquet.read_schema(file)
        wanted = [
            name
            for name in names
            if name in schema.names
            and not (pa.types.is_floating(schema.field(name).type) or pa.types.is_temporal(schema.field(name).type))
        ]
        frame: pd.DataFrame = parquet.read_table(file, columns=wanted, use_threads=False, partitioning=None).to_pandas(
            ignore_metadata=True
        )
    except (pa.ArrowException, OSError) as error:
        raise _damaged(file, error) from error
    return frame


def _files(path: Path) -> list[Path]:
    """Data files of a folder, by their content and not only their names.

    Raises
    ------
    ReadError
        ``empty-folder``; ``other-files`` where a folder of data holds a file that cannot be read as Parquet.
    """
    if path.is_file():
        return [path]
    # Spark and Hive put logs and markers beside the data under names with an underscore or a dot.
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith(("_", ".")) for part in file.relative_to(path).parts)
    )
    files = [file for file in files if file.name.casefold() not in _NO_DATA and file.suffix.casefold() != ".crc"]
    chosen = [file for file in files if file.suffix.casefold() in {".parquet", ".pq"} or _is_parquet(file)]
    if not chosen:
        raise ReadError(
            f"{path.name}: the folder has no .parquet files. Name a file, or a folder of Parquet.", code="empty-folder"
        )
    others = [file for file in files if file not in set(chosen)]
    if others:
        shown = ", ".join(file.relative_to(path).as_posix() for file in others[:3])
        more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
        raise ReadError(
            f"{path.name}: {shown}{more} cannot be read beside the Parquet files of the folder. "
            "Convert to Parquet what belongs to the data, and move the rest elsewhere.",
            code="other-files",
        )
    return chosen


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == MAGIC


def _partition(path: Path, file: Path) -> dict[str, str]:
    folders = file.relative_to(path).parts[:-1] if path.is_dir() else ()
    # Hive writes key=value folders, with signs that paths cannot hold as %XX.
    return {key: unquote(value) for key, _, value in (folder.partition("=") for folder in folders) if _}


def _in_partition(path: Path, file: Path, market: tuple[str, str]) -> bool:
    return _partition(path, file).get(market[0], market[1]) == market[1]


def _check_magic(path: Path, file: Path) -> None:
    with file.open("rb") as stream:
        start = stream.read(4)
        # Parquet begins and ends with PAR1; its index lies at the end, so what was cut off in copying has no end.
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - 4))
        end = stream.read(4)
    name = path.name if file == path else f"{path.name}/{file.relative_to(path).as_posix()}"
    if size == 0:
        raise ReadError(f"{name}: the file is empty. Export the table again.", code="empty-file")
    if start != MAGIC:
        raise ReadError(
            f"{name}: this is not Parquet (it starts with {start.hex(' ')}, not 'PAR1'). "
            "Export the table as Parquet or CSV; pickled data are never loaded.",
            code="not-parquet",
        )
    if end != MAGIC:
        raise ReadError(
            f"{name}: the Parquet file is truncated (its end is missing). Copy or export it again.", code="damaged-file"
        )


def _damaged(path: Path, error: BaseException) -> ReadError:
    found = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    found = found.replace(str(path), path.name)
    return ReadError(f"{path.name}: the Parquet data cannot be read ({found}). Export them again.", code="damaged-file")


def _dataset(path: Path, files: Sequence[Path]) -> arrow_dataset.Dataset:
    import pyarrow as pa
    from pyarrow import dataset as arrow_dataset
    from pyarrow import parquet

    names = parquet.read_schema(files[0]).names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ReadError(
            f"{path.name}: a column name occurs more than once ({', '.join(repeated)}). Rename or remove one.",
            code="duplicate-column",
        )
    keys = sorted({key for file in files for key in _partition(path, file)})
    # No folder can have this name: so no value, not even ``__HIVE_DEFAULT_PARTITION__``, becomes missing.
    flavour = arrow_dataset.HivePartitioning(pa.schema([(key, pa.string()) for key in keys]), null_fallback="\x00")
    base = str(path if path.is_dir() else path.parent)

    def open_files(schema: pa.Schema | None) -> arrow_dataset.Dataset:
        return arrow_dataset.dataset(
            [str(file) for file in files],
            format="parquet",
            partitioning=flavour,
            partition_base_dir=base,
            schema=schema,
        )

    opened = open_files(None)
    if len(files) == 1:
        return opened
    # Files of different months may have a column as whole numbers here and as floats there; the type of the first would
    # refuse the others.
    schemas = [fragment.physical_schema for fragment in opened.get_fragments()]
    if all(schema.equals(schemas[0]) for schema in schemas):
        return opened
    partition = pa.schema([(key, pa.string()) for key in keys])
    return open_files(pa.unify_schemas([*schemas, partition], promote_options="permissive"))


def _load(path: Path, files: Sequence[Path], market: tuple[str, str] | None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import dataset as arrow_dataset

    opened = _dataset(path, files)
    rows = opened.count_rows()
    # From the footers, before a row is read.
    size = sum(
        fragment.metadata.row_group(i).total_byte_size
        for fragment in opened.get_fragments()
        for i in range(fragment.metadata.num_row_groups)
    )
    if rows > MAX_ROWS or size > MAX_BYTES:
        raise ReadError(
            f"{path.name}: {rows:,} rows, {size / 1024**2:,.0f} MiB unpacked, are more than one table may hold "
            f"({MAX_ROWS:,} rows, {MAX_BYTES / 1024**2:,.0f} MiB). Partition the data by market.",
            code="too-large",
        )
    options = arrow_dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
    selection = None
    if market is not None and market[0] in opened.schema.names:
        # As text: a market 17 that the file has as a number is asked for by the code "17".
        selection = arrow_dataset.field(market[0]).cast(pa.string()) == market[1]
    return opened.to_table(filter=selection, use_threads=False, fragment_scan_options=options)


def _to_frame(table: pa.Table, keys: KeyFinder) -> pd.DataFrame:
    import pyarrow as pa

    names = table.schema.names
    text = keys(names)
    for i, name in enumerate(names):
        kind = table.schema.field(i).type
        if pa.types.is_dictionary(kind):
            # Dictionaries (categories) unpacked: everything behind this reads plain columns.
            table = table.set_column(i, name, table.column(i).cast(kind.value_type))
            kind = kind.value_type
        if name in text:
            table = table.set_column(i, name, _key_text(table.column(i)))
        elif pa.types.is_decimal(kind):
            table = table.set_column(i, name, table.column(i).cast(pa.float64()))
    # Not by the metadata that pandas left in the file, which would make a column the index.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, date_as_object=False)
    return frame


def _key_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Keys as text; a whole number stored as float loses its ``.0``."""
    import pyarrow as pa

    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return column.cast(pa.string())
    if pa.types.is_nested(column.type):
        return pa.chunked_array([[None if v is None else str(v) for v in column.to_pylist()]], type=pa.string())
    return column.cast(pa.string())


def _hash(path: Path, files: Sequence[Path]) -> str:
    digests = list(_digests(path, files))
    if path.is_file() and len(digests) == 1:
        return digests[0][1]
    return hashlib.sha256(repr(digests).encode()).hexdigest()


def _digests(path: Path, files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        with file.open("rb") as stream:
            yield file.relative_to(path).as_posix(), hashlib.file_digest(stream, "sha256").hexdigest()
