"""Reports as a Quarto project: finished Markdown, charts as files, a theme, and the configuration around them.

``pages`` makes a market's pages, ``project`` the pages and files around them, ``theme`` the style sheets, ``check``
looks at what was written. Running the program itself is ``publish/quarto/program.py``'s; no page holds code to execute.
"""

from __future__ import annotations

from reportgen.render.quarto.pages import DEFAULT_FORMATS, FORMATS, market_files
from reportgen.render.quarto.project import (
    LISTING,
    Site,
    configuration,
    look_files,
    method_file,
    overview_files,
    site_of,
)

__all__ = [
    "DEFAULT_FORMATS",
    "FORMATS",
    "LISTING",
    "Site",
    "configuration",
    "look_files",
    "market_files",
    "method_file",
    "overview_files",
    "site_of",
]
