"""Small tables and their reading, shared by the tests of the panel and the corpus of bad inputs."""

from __future__ import annotations

from pathlib import Path

from reportgen.panel.checking.contract import Finding, Panel, check_panel, validate_panel
from reportgen.panel.reading.read import read_table
from reportgen.settings.sections import ModelSettings, PanelSettings, RunSettings, Settings

HEADER = "market,pharmacy,month,sales,promotion"
AS_OF = "2026-01-31"


def rows(markets: tuple[str, ...] = ("M1", "M2"), pharmacies: int = 2, periods: int = 4) -> list[str]:
    """Lines of a clean table: every market has its own pharmacies, months from 2021-01."""
    return [
        f"{market},{market}-P{g + 1},{2021 + t // 12}-{t % 12 + 1:02d},{1000 + 100 * g + 10 * t},{(g + t) % 5}"
        for market in markets
        for g in range(pharmacies)
        for t in range(periods)
    ]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    """Write a CSV file in UTF-8."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def settings_for(path: Path | str, *, response: str = "level", **panel: object) -> Settings:
    """Settings with a fixed day of today."""
    return Settings(
        panel=PanelSettings.model_validate({"source": str(path), **panel}),
        model=ModelSettings.model_validate({"response": response}),
        run=RunSettings(as_of=AS_OF),
    )


def check(path: Path, *, response: str = "level", **panel: object) -> tuple[Finding, ...]:
    """All findings of a file."""
    settings = settings_for(path, response=response, **panel)
    return check_panel(read_table(settings.panel, path.parent), settings)


def load(path: Path, *, response: str = "level", **panel: object) -> Panel:
    """The panel of a file, or the error."""
    settings = settings_for(path, response=response, **panel)
    return validate_panel(read_table(settings.panel, path.parent), settings)


def codes(findings: tuple[Finding, ...], *severities: str) -> set[str]:
    """Codes of the findings, of the given severities if any are given."""
    return {finding.code for finding in findings if not severities or finding.severity in severities}
