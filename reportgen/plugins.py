"""What other packages add to this one, by entry points: checks, sections of a report, readers of files.

::

    [project.entry-points."reportgen.checks"]
    weekday = "our_checks:weekday"

============================  =======================================  ================================================
group                         called with                              returns
============================  =======================================  ================================================
``reportgen.checks``          a fitted market, its settings            checks (``reportgen.results.Check``), each with
                                                                       its words in ``detail``
``reportgen.sections``        the results of a market, its settings    a section (``reportgen.report.blocks.Section``),
                                                                       or None
``reportgen.readers``         a path; the name is the file's ending    a pandas DataFrame
============================  =======================================  ================================================

Only packages that somebody installed are loaded. What each of them is, and its version, is part of a market's
fingerprint, so that a new version builds again. A plugin that fails costs the market it was called for, by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, Literal, get_args

from reportgen.errors import MarketError, ReportgenError

Group = Literal["reportgen.checks", "reportgen.sections", "reportgen.readers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One thing that an installed package adds: ``value`` is where it is, ``package`` whose it is, with version."""

    group: Group
    name: str
    value: str
    package: str
    point: metadata.EntryPoint

    def call(self, *given: Any) -> Any:
        """Load it and call it.

        Raises
        ------
        MarketError
            If it cannot be loaded or raises: with its name and package, and what it said.
        """
        try:
            return self.point.load()(*given)
        except ReportgenError:
            raise
        except Exception as error:
            raise MarketError(
                f"{self.group} {self.name} of {self.package} failed: {type(error).__name__}: {error}.",
                code="plugin-failed",
            ) from error


@lru_cache(maxsize=1)
def plugins() -> tuple[Plugin, ...]:
    """Everything that is installed, by group and name."""
    found = [
        Plugin(group=group, name=point.name, value=point.value, package=_package(point), point=point)
        for group in get_args(Group)
        for point in metadata.entry_points(group=group)
    ]
    return tuple(sorted(found, key=lambda one: (one.group, one.name, one.value)))


def of_group(group: Group) -> tuple[Plugin, ...]:
    """What is installed of one group, by name."""
    return tuple(one for one in plugins() if one.group == group)


def named(group: Group, name: str) -> Plugin | None:
    """The plugin of a name, which counts without case; None where there is none."""
    return next((one for one in of_group(group) if one.name.casefold() == name.casefold()), None)


def described() -> tuple[tuple[str, str], ...]:
    """Group and name, and package with version, of everything installed: what decides beside this program's code."""
    return tuple((f"{one.group}:{one.name}", f"{one.value} {one.package}") for one in plugins())


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
