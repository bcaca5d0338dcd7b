"""``reportgen check``: the findings of a table, and what a build will do with each of its markets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.checking.contract import Finding, Panel
    from reportgen.results import MarketProspect


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What is to be said of a table before it is built."""

    source: str
    """Base name of the file."""
    findings: tuple[Finding, ...]
    markets: tuple[MarketProspect, ...] = ()
    """Every market by code; none where the table cannot be used at all."""
    builds: bool = True
    """False: nothing is built from this table, because of errors in some of its rows or in all of it."""

    @property
    def exit_code(self) -> int:
        """4 if a finding blocks the build, else 0."""
        return 4 if any(finding.severity == "error" for finding in self.findings) else 0

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {
            "source": self.source,
            "findings": [asdict(finding) for finding in self.findings],
            "builds": self.builds,
            "markets": [
                {
                    "market": one.market,
                    "outcome": one.outcome,
                    "codes": list(one.codes),
                    "reasons": [asdict(reason) for reason in one.known.reasons] if one.known else [],
                    "channels_left_out": [asdict(reason) for reason in one.known.data.channels_left_out]
                    if one.known
                    else [],
                    "withheld": [asdict(gone) for gone in one.known.withheld] if one.known else [],
                }
                for one in self.markets
            ],
        }


def check_table(settings: Settings, root: Path, *, page: Path | None = None, overwrite: bool = False) -> CheckReport:
    """Read the table of a project, market by market where it is partitioned, and look at all of it.

    Parameters
    ----------
    page
        File to write the data page to; ``overwrite`` lets it replace a file that is not one.

    Raises
    ------
    ReadError
        If it cannot be read as a table at all.
    ConfigError
        If an experiment is in a market that the table does not have.
    UsageError, EnvironmentMissing
        If the page may not or cannot be written.
    """
    from reportgen.batch.inputs.partition import check_partitions
    from reportgen.panel.checking.contract import survey_panel
    from reportgen.panel.checking.facts import TableSurvey
    from reportgen.panel.reading.read import list_markets, read_table
    from reportgen.project.data_page import refuse_foreign_file, write_data_page
    from reportgen.settings.calibration import refuse_unknown

    # Before the table is read: what is wrong with the place is said before the wait.
    if page is not None:
        refuse_foreign_file(page, settings, root, overwrite=overwrite)
    found: list[MarketProspect] = []
    survey = TableSurvey(settings) if page is not None else None
    see = None if survey is None else survey.add

    def look(panel: Panel) -> None:
        found.extend(_prospects(panel, settings))

    files = list_markets(settings.panel, root)
    if files is not None:
        name, findings = Path(settings.panel.source).name, check_partitions(settings, root, files, look, see)
    else:
        raw = read_table(settings.panel, root)
        panel = survey_panel(raw, settings, see=see)
        look(panel)
        name, findings = raw.source, panel.findings
    markets = tuple(sorted(found, key=lambda one: one.market))
    refuse_unknown(settings, [one.market for one in markets])
    report = CheckReport(source=name, findings=findings, markets=markets, builds=_builds(settings, findings, markets))
    if page is not None and survey is not None:
        content = (survey.finish(name), findings, markets)
        write_data_page(page, settings, root, content, builds=report.builds, overwrite=overwrite)
    return report


def _prospects(panel: Panel, settings: Settings) -> list[MarketProspect]:
    from reportgen.model.prospects import foresee_market
    from reportgen.results import MarketProspect

    refused = [
        MarketProspect(
            market=market,
            outcome="refused",
            codes=tuple(dict.fromkeys(one.code for one in findings if one.severity == "error")),
        )
        for market, findings in panel.refused.items()
    ]
    return refused + [foresee_market(market, settings) for market in panel.markets.values()]


def _builds(settings: Settings, findings: tuple[Finding, ...], markets: tuple[MarketProspect, ...]) -> bool:
    """Whether a build starts: bad markets may be left out of it, a table that is wrong as a whole may not."""
    if not any(finding.severity == "error" for finding in findings):
        return True
    good = any(one.outcome != "refused" for one in markets)
    return settings.panel.bad_markets == "contain" and good
