"""Every error the program raises on purpose, and the exit code each one means.

::

    ReportgenError
    ├── UsageError            2  the command line asks for something that does not exist
    ├── ConfigError           3  reportgen.toml, an environment override or a template is wrong
    │   └── TemplateError     3  a template (ours or the user's) failed, with file and line
    ├── InputError            4  the data cannot be used
    │   ├── ReadError         4  the file cannot be read as a table
    │   └── ContractError     4  the table breaks the data contract; carries all findings
    ├── NothingSelectedError  5  no market matches the selection
    ├── LockedError           6  another run holds the lock of the output folder
    ├── EnvironmentMissing    7  a library, font or program this machine lacks, a storage or server it cannot use
    └── MarketError           1  one market failed; never stops the others
        └── RenderError       1  the results are there, a document is not

A market that ran over its time or memory, or whose worker died, raises nothing: its process is gone, and
``batch/workers/pool.py`` says so in an answer with the code ``timeout``, ``out-of-memory`` or ``worker-crash``.
A foreign failure (OSError, ParserError, jinja2 errors ...) is mapped to one of these at the
boundary where it can happen; the command line catches ``ReportgenError`` once.
"""

from __future__ import annotations

import errno


class ReportgenError(Exception):
    """Base of every deliberate error.

    Parameters
    ----------
    message
        What is wrong, where, what was found and what to do, in one or two sentences.
    code
        Stable identifier of the problem for programs, e.g. ``"missing-column"``.
    """

    exit_code = 1

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).__name__

    # An exception is rebuilt from its positional arguments, and ``code`` is none: without this it would be lost on the
    # way between processes.
    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.code))


def _rebuild(kind: type[ReportgenError], message: str, code: str) -> ReportgenError:
    error = kind.__new__(kind)
    ReportgenError.__init__(error, message, code=code)
    return error


class UsageError(ReportgenError):
    """The command line or the API call asks for something that does not exist."""

    exit_code = 2


class ConfigError(ReportgenError):
    """The settings are wrong."""

    exit_code = 3


class TemplateError(ConfigError):
    """A template failed."""


class InputError(ReportgenError):
    """The data cannot be used."""

    exit_code = 4


class ReadError(InputError):
    """The file cannot be read as a table."""


class ContractError(InputError):
    """The table breaks the data contract; the message lists every blocking finding."""


class NothingSelectedError(ReportgenError):
    """No market matches the selection."""

    exit_code = 5


class LockedError(ReportgenError):
    """Another run holds the lock of the output folder."""

    exit_code = 6


class EnvironmentMissing(ReportgenError):
    """This machine lacks a library, font or program, or cannot use a storage or server."""

    exit_code = 7


def advice(error: OSError) -> str:
    """What to do where the system refuses to write, as a sentence; empty where nothing general can be said."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "Make room on the disk and run the same command again: what is finished stays."
    if error.errno == errno.EFBIG:
        return "The system caps the size of files (ulimit -f): raise it and run the same command again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "Change its permissions, or name another folder."
    return ""


def cannot_write(where: object, error: OSError) -> EnvironmentMissing:
    """The error of a file or folder ``where`` that cannot be written."""
    said = f"{where}: cannot write: {error.strerror}. {advice(error)}".rstrip()
    return EnvironmentMissing(said, code="cannot-write")


class MarketError(ReportgenError):
    """One market failed."""


class RenderError(MarketError):
    """The results are there, a document is not."""
