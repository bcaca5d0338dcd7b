"""Promotion-impact reports for every market: mixed models, certified, in HTML and PDF.

``import reportgen`` costs nothing: the names below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.api import (
        build,
        check,
        demo,
        design,
        doctor,
        init,
        load_settings,
        mail,
        merge,
        preview,
        quarto,
        rehearse,
        render,
    )
    from reportgen.batch.state.outcome import MarketOutcome, RunResult
    from reportgen.errors import ReportgenError
    from reportgen.notebook.analysis import MarketAnalysis
    from reportgen.notebook.markets import MarketAnalyses
    from reportgen.notebook.verbs import analyse, load_results
    from reportgen.render.charts.artists import draw
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings
    from reportgen.version import __version__

_HOMES = {
    "analyse": "reportgen.notebook.verbs",
    "build": "reportgen.api",
    "check": "reportgen.api",
    "compare": "reportgen.api",
    "demo": "reportgen.api",
    "design": "reportgen.api",
    "doctor": "reportgen.api",
    "init": "reportgen.api",
    "load_results": "reportgen.notebook.verbs",
    "load_settings": "reportgen.api",
    "mail": "reportgen.api",
    "merge": "reportgen.api",
    "preview": "reportgen.api",
    "quarto": "reportgen.api",
    "rehearse": "reportgen.api",
    "render": "reportgen.api",
    "draw": "reportgen.render.charts.artists",
    "MarketAnalyses": "reportgen.notebook.markets",
    "MarketAnalysis": "reportgen.notebook.analysis",
    "MarketOutcome": "reportgen.batch.state.outcome",
    "RunResult": "reportgen.batch.state.outcome",
    "Settings": "reportgen.settings.sections",
    "ReportgenError": "reportgen.errors",
    "MarketResults": "reportgen.results",
    "__version__": "reportgen.version",
}

__all__ = [
    "MarketAnalyses",
    "MarketAnalysis",
    "MarketOutcome",
    "MarketResults",
    "ReportgenError",
    "RunResult",
    "Settings",
    "__version__",
    "analyse",
    "build",
    "check",
    "compare",
    "demo",
    "design",
    "doctor",
    "draw",
    "init",
    "load_results",
    "load_settings",
    "mail",
    "merge",
    "preview",
    "quarto",
    "rehearse",
    "render",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'reportgen' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
