"""Tables: right numbers, formatted for the locale, complete, and short enough for paper."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from factories import market_results
from reportgen import results as r
from reportgen.report import tables
from reportgen.report.blocks import Table
from reportgen.report.narrative import foundation
from reportgen.report.words.writer import Writer, make_writer
from reportgen.settings.sections import ReportSettings, Settings

ALL = [getattr(tables, name) for name in tables.__all__]


def _writer(settings: Settings | None = None, **case: Any) -> Writer:
    return make_writer(market_results(**case), settings or Settings(report=ReportSettings(promotion_unit="visit")))


def _texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_rows_read_are_rows_used_and_lost() -> None:
    table = tables.rows_lost(_writer(pharmacies=10))
    numbers = [row.cells[1].sort or 0 for row in table.rows]
    assert numbers[0] == sum(numbers[1:-1]) + numbers[-1]
    assert table.rows[1].cells[0].text.startswith("The first months of a pharmacy")


def test_coefficients_at_fixed_numbers() -> None:
    rows = _texts(tables.coefficients(_writer()))
    assert rows[1] == [
        "Promotion, with carry-over", "Adstock_Promotion", "₹\u00a0per\u00a0visit", "250", "39", "171 to 329", "31.2",
        "6.46", "<0.001", "328",
    ]  # fmt: skip
    assert rows[2][:2] == ["Sales 1 month before", "Lag1_Sales"]
    assert not any("*" in cell for row in rows for cell in row)


def test_german_numbers_have_a_decimal_comma() -> None:
    settings = Settings(report=ReportSettings(locale="de_DE", currency="EUR"))
    rows = _texts(tables.coefficients(_writer(settings)))
    assert rows[2][3] == "0,300"
    assert rows[1][8] == "<0,001"


def test_fit_block_names_what_statsmodels_prints() -> None:
    block = foundation.fit_summary(_writer())
    assert block is not None
    labels = [item.term for item in block.items]
    for wanted in ("Observations", "Groups (pharmacies)", "Method", "Log-likelihood", "Converged", "Certified"):
        assert wanted in labels


def test_three_estimates_stand_side_by_side() -> None:
    rows = _texts(tables.comparison(_writer()))
    assert rows[0] == ["Promotion, with carry-over", "₹\u00a0per\u00a0visit", "300 (39)", "250 (39)", "235 (39)"]
    assert rows[-1][0] == "Kept up"


def test_pharmacies_are_sorted_and_paper_shows_both_ends() -> None:
    table = tables.pharmacies(_writer(pharmacies=60))
    assert table is not None
    slopes = [row.cells[3].sort or 0 for row in table.rows]
    assert slopes == sorted(slopes, reverse=True)
    assert len(table.rows) == 60
    assert table.print_rows is not None
    assert len(table.print_rows) == 37
    assert table.print_rows[18] == -1
    assert "24 pharmacies in between" in table.print_note


def test_few_pharmacies_are_all_printed() -> None:
    table = tables.pharmacies(_writer(pharmacies=30))
    assert table is not None
    assert table.print_rows is None


def test_checks_have_word_shape_limit_and_advice() -> None:
    table = tables.checks(_writer())
    assert table is not None
    by_name = {row.cells[0].text: row.cells for row in table.rows}
    season = by_name["Season"]
    assert season[1].mark == "review"
    assert season[1].text == "worth a look"
    assert season[3].text == "≤ 1"
    assert all(cells[5].text for cells in by_name.values())


def test_a_missing_number_is_a_dash_everywhere() -> None:
    results = market_results()
    bare = replace(
        results,
        fixed=tuple(
            replace(row, se=None, df=None, statistic=None, p=None, lower=None, upper=None) for row in results.fixed
        ),
        pharmacies=tuple(
            replace(row, lower=None, upper=None, slope_se=None, reliability=None, expected_rank=None, incremental=None)
            for row in results.pharmacies
        ),
        correlations=tuple(replace(c, value=None, lower=None, upper=None) for c in results.correlations),
    )
    writer = make_writer(bare, Settings())
    for make in ALL:
        table = make(writer)
        if table is not None:
            assert not any(re.search(r"\b(nan|None|inf)\b", cell) for row in _texts(table) for cell in row)


@pytest.mark.parametrize("make", ALL, ids=tables.__all__)
@pytest.mark.parametrize("status", ["ok", "singular", "not-estimated", "not-estimable"])
def test_every_table_fits_its_columns(make: Any, status: Any) -> None:
    table = make(_writer(status=status))
    if table is not None:
        assert table.caption
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
        assert table.columns[0].label != ""


def test_bootstrap_rows_stand_beside_the_estimates_with_copies_and_failures_counted() -> None:
    rows = tuple(
        r.BootstrapRow(quantity=quantity, term=term, other=other, estimate=value, se=value / 10, lower=0.8 * value,
                       upper=1.2 * value)
        for quantity, term, other, value in (
            ("coefficient", "Adstock_Promotion", None, 250.0),
            ("long-run", "Adstock_Promotion", None, 480.0),
            ("decay", "Adstock_Promotion", None, 0.5),
            ("sd", "Residual", None, 2500.0),
            ("correlation", "Intercept", "Adstock_Promotion", 0.2),
        )
    )  # fmt: skip
    found = r.BootstrapSummary(replicates=500, failed=2, not_stationary=1, decay_estimated=True, rows=rows)  # type: ignore[arg-type]
    table = tables.bootstrap(_writer(bootstrap=found))
    assert [row[0] for row in _texts(table)] == [
        "Promotion, with carry-over", "Kept up", "Decay",
        "Standard deviation: Residual, within a pharmacy",
        "Correlation: Level of the average pharmacy × Promotion, with carry-over",
    ]  # fmt: skip
    assert _texts(table)[0][1:] == ["250", "25", "200 to 300"]
    assert table is not None
    assert table.note.startswith("500 copies")
    assert "2 without a proven best fit" in table.note
    assert table.note.endswith("1 copy has no effect kept up.")
    assert tables.bootstrap(_writer()) is None


def test_channels_are_compared_by_effect_and_by_what_they_brought() -> None:
    results = market_results()
    assert results.long_run is not None
    item = r.ChannelEffect(
        channel="visits", term="Adstock_Promotion", long_run=results.long_run, impulse=results.impulse,
        incremental=1_000_000.0, lower=800_000.0, upper=1_200_000.0, share=0.08,
        verdict=r.Verdict(code="works", reasons=()),
    )  # fmt: skip
    rows = _texts(tables.channels(make_writer(replace(results, channels=(item,)), Settings())))
    assert rows[0][:3] == ["visits", "Works", "₹\u00a0150"]
    assert "417" in rows[0][3]
    assert rows[0][-1] == "8.0%"
    assert tables.channels(_writer()) is None
