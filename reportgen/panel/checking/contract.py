"""The data contract: what a table must be before anything is computed from it.

``check_panel`` returns everything that is wrong, at once; ``validate_panel`` raises it, or returns the markets as
grids. Values beyond doubt wrong are errors; doubtful ones are warnings and used as the message says. One bad row
stops the whole run unless ``panel.bad_markets = "contain"``: then only its market is refused. Rejected: repairing
values (dropping duplicates, guessing years of some rows), which changes a result without anyone seeing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.errors import ContractError
from reportgen.panel.checking.assemble import assemble_markets
from reportgen.panel.checking.checks import Checked, run_checks
from reportgen.panel.checking.findings import Finding, Problem, not_affected, word
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.reading.values.source_conventions import Conventions
from reportgen.settings.sections import Settings

__all__ = ["Finding", "MarketPanel", "Panel", "check_panel", "make_panel", "survey_panel", "validate_panel"]

_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A checked table.

    Attributes
    ----------
    markets
        By code, in the order of the codes.
    findings
        All findings, errors first.
    refused
        With ``panel.bad_markets = "contain"``: the errors of each market that was left out, by code.
    """

    markets: Mapping[str, MarketPanel]
    findings: tuple[Finding, ...]
    refused: Mapping[str, tuple[Finding, ...]]


def check_panel(raw: RawTable, settings: Settings, conventions: Conventions | None = None) -> tuple[Finding, ...]:
    """Everything worth saying about a table, errors first; never raises.

    ``conventions`` are those of the source, where the table is only a part of it.
    """
    return _word_all(raw, run_checks(raw, settings, conventions))


def survey_panel(
    raw: RawTable,
    settings: Settings,
    conventions: Conventions | None = None,
    see: Callable[[RawTable, Checked], None] | None = None,
) -> Panel:
    """Everything worth saying about a table, and the markets that could be built from it; never raises.

    Where an error concerns the whole table there are no markets. ``see`` is shown all that was parsed.
    """
    checked = run_checks(raw, settings, conventions)
    if see is not None:
        see(raw, checked)
    findings = _word_all(raw, checked)
    if any(p.severity == "error" and p.rows.size == 0 for p in checked.problems):
        return Panel(markets={}, findings=findings, refused={})
    refused = _refuse(raw, checked)
    return Panel(markets=assemble_markets(raw, checked, settings, set(refused)), findings=findings, refused=refused)


def validate_panel(raw: RawTable, settings: Settings, conventions: Conventions | None = None) -> Panel:
    """Markets of a table that keeps the contract.

    ``conventions`` are those of the source, where the table is only a part of it.

    Raises
    ------
    ContractError
        With every blocking finding, one line each; code of the first. With ``panel.bad_markets = "contain"`` only if a
        finding concerns the whole table, or no market is left.
    """
    checked = run_checks(raw, settings, conventions)
    findings = _word_all(raw, checked)
    errors = [finding for finding in findings if finding.severity == "error"]
    refused: dict[str, tuple[Finding, ...]] = {}
    if errors:
        contain = settings.panel.bad_markets == "contain"
        # An error without rows is one of the whole table: no market can be kept out of it.
        if not contain or any(p.severity == "error" and p.rows.size == 0 for p in checked.problems):
            raise _contract_error(errors, checked, contain=contain)
        refused = _refuse(raw, checked)
        if set(checked.market_codes) <= set(refused):
            raise _contract_error(errors, checked, contain=contain)
    return Panel(markets=assemble_markets(raw, checked, settings, set(refused)), findings=findings, refused=refused)


def _word_all(raw: RawTable, checked: Checked) -> tuple[Finding, ...]:
    file_rows = checked.file_rows
    worded = [word(p, raw.source, file_rows, _only_market(checked, p)) for p in checked.problems]
    return tuple(sorted(worded, key=lambda finding: _RANK[finding.severity]))


def _only_market(checked: Checked, problem: Problem) -> str | None:
    """The market all rows of a problem are in, if the table has more than one."""
    codes = np.unique(checked.market[problem.rows]) if problem.rows.size and checked.market.size else np.empty(0)
    single = codes.size == 1 and codes[0] >= 0 and len(checked.market_codes) > 1
    return checked.market_codes[int(codes[0])] if single else None


def _refuse(raw: RawTable, checked: Checked) -> dict[str, tuple[Finding, ...]]:
    """Errors by market, each worded for its own rows."""
    refused: dict[str, list[Finding]] = {}
    for problem in checked.problems:
        if problem.severity != "error":
            continue
        codes = checked.market[problem.rows]
        for code in np.unique(codes[codes >= 0]):
            market = checked.market_codes[int(code)]
            own = Problem(
                code=problem.code,
                severity="error",
                column=problem.column,
                text=problem.text,
                advice=problem.advice,
                rows=problem.rows[codes == code],
                show=problem.show,
            )
            refused.setdefault(market, []).append(word(own, raw.source, checked.file_rows, market))
    return {market: tuple(refused[market]) for market in sorted(refused)}


def _contract_error(errors: list[Finding], checked: Checked, *, contain: bool) -> ContractError:
    lines = [finding.message for finding in errors]
    bad = {
        int(code)
        for problem in checked.problems
        if problem.severity == "error" and problem.rows.size
        for code in checked.market[problem.rows]
    }
    # Rows of no market (-1) count against none of them.
    others = len(checked.market_codes) - len(bad - {-1})
    if not contain and others and all(p.rows.size for p in checked.problems if p.severity == "error"):
        lines.append(not_affected(others, len(checked.market_codes)))
    return ContractError("\n".join(lines), code=errors[0].code)
