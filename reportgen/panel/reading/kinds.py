"""Kinds of files that are no table for this program, told by name before a reader stumbles over their bytes."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import ReadError

READ = (
    "CSV and other text (also .gz), Excel (.xlsx, .xlsm, .xlsb, .xls, .ods), Parquet, JSON, Stata, SPSS, "
    "SAS, and databases by address"
)
_NAMES = {
    ".feather": "Feather", ".arrow": "Arrow", ".ipc": "Arrow",
    ".rds": "R data",
    ".rda": "R data", ".rdata": "R data", ".orc": "ORC", ".avro": "Avro", ".h5": "HDF5", ".hdf5": "HDF5",
    ".xml": "XML", ".html": "HTML", ".htm": "HTML", ".pdf": "PDF", ".doc": "Word", ".docx": "Word",
    ".ppt": "PowerPoint", ".pptx": "PowerPoint", ".odt": "Writer", ".rtf": "RTF", ".png": "a picture",
    ".jpg": "a picture", ".jpeg": "a picture", ".toml": "TOML", ".yaml": "YAML", ".yml": "YAML",
    ".bz2": "bzip2", ".xz": "xz",
    ".zst": "Zstandard", ".7z": "7-Zip", ".zip": "ZIP", ".rar": "RAR",
}  # fmt: skip
"""Ending of a name → what such a file is called."""
_STARTS = {b"ARROW1": "Feather", b"FEA1": "Feather", b"%PDF": "PDF", b"\x89HDF": "HDF5"}
_DATABASES = {".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite", ".duckdb": "duckdb"}


def refuse_other_kinds(path: Path, start: bytes) -> None:
    """Raise :class:`ReadError` if a file is certainly none that is read; ``start`` is how its bytes begin."""
    suffix = path.suffix.casefold()
    if suffix in _DATABASES or start.startswith(b"SQLite f"):
        kind = _DATABASES.get(suffix, "sqlite")
        raise ReadError(
            f"{path.name}: a database is named by its address: {kind}:///{path.name}, with panel.table or panel.query.",
            code="database-as-file",
        )
    found = _NAMES.get(suffix) or next((name for sign, name in _STARTS.items() if start.startswith(sign)), "")
    if found:
        raise ReadError(
            f"{path.name}: {found} is not a kind of file reportgen reads; it reads {READ}. "
            "Export the table as one of these.",
            code="other-kind",
        )


def begins_like_text(start: bytes) -> bool:
    """Whether a file that begins so is text: UTF-16 by its mark, or no bytes that only binary files have."""
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    return bool(start) and not any(byte < 9 or 13 < byte < 32 for byte in start)


def refuse_web_pages(path: Path, start: bytes) -> None:
    """Raise :class:`ReadError` if a file that is called a workbook is a web page or XML."""
    if start.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<":
        raise ReadError(
            f"{path.name}: this is a web page or XML under the name of a workbook, as some programs export it. Open it "
            "in Excel or LibreOffice and save it as .xlsx.",
            code="other-kind",
        )
