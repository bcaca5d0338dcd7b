"""The data contract: what is found, how it is said, and what becomes of a table that keeps it."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panel_tables import check, codes, load, rows, settings_for, write
from reportgen.errors import ContractError, InputError
from reportgen.panel.checking.contract import check_panel, validate_panel
from reportgen.panel.features import build_frame
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.reading.read import read_table
from reportgen.settings.sections import ModelSettings, Settings

DATA = Path(__file__).parents[3] / "data"
GOLDEN = Path(__file__).parents[2] / "golden" / "contract_messages.txt"


def raw(frame: pd.DataFrame) -> RawTable:
    return RawTable(frame=frame, source="panel.csv", first_row=2, sha256="0")


# --- clean tables ------------------------------------------------------------------------------


def test_a_clean_table_has_no_findings(tmp_path: Path) -> None:
    assert check(write(tmp_path / "panel.csv", *rows())) == ()


def test_markets_are_grids_sorted_by_code_and_pharmacy(tmp_path: Path) -> None:
    panel = load(
        write(tmp_path / "panel.csv", "b,P2,2021-03,7,1", "b,P1,2021-01,5,2", "B,P1,2021-01,1,0", "b,P2,2021-01,6,3")
    )
    assert list(panel.markets) == ["B", "b"]
    assert isinstance(panel.markets, MappingProxyType)
    market = panel.markets["b"]
    assert (market.pharmacies, market.n_periods, market.period_label(0)) == (("P1", "P2"), 3, "2021-01")
    np.testing.assert_array_equal(market.sales, [[5, np.nan, np.nan], [6, np.nan, 7]])
    np.testing.assert_array_equal(market.promotion, [[[2, np.nan, np.nan], [3, np.nan, 1]]])
    np.testing.assert_array_equal(market.recorded, [[1, 0, 0], [1, 0, 1]])
    assert (market.rows_read, market.source) == (3, "panel.csv")


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    lines = rows()
    first = load(write(tmp_path / "a.csv", *lines)).markets
    second = load(write(tmp_path / "b.csv", *np.random.default_rng(1).permutation(lines).tolist())).markets
    assert {m: p.data_hash for m, p in first.items()} == {m: p.data_hash for m, p in second.items()}


def test_a_changed_value_changes_only_its_markets_hash(tmp_path: Path) -> None:
    lines = rows()
    before = load(write(tmp_path / "a.csv", *lines)).markets
    after = load(write(tmp_path / "b.csv", lines[0].replace("1000", "1001"), *lines[1:])).markets
    assert {m for m in before if before[m].data_hash != after[m].data_hash} == {"M1"}


def test_several_channels_controls_and_a_cost_column(tmp_path: Path) -> None:
    path = write(
        tmp_path / "panel.csv",
        "A,P,2021-01,10,1,2,3.5,100",
        "A,P,2021-02,11,2,1,3.4,110",
        header="market,pharmacy,month,sales,calls,samples,price,unit_cost",
    )
    market = load(path, promotion=("calls", "samples"), controls=("price",), cost="unit_cost").markets["A"]
    np.testing.assert_array_equal(market.promotion, [[[1, 2]], [[2, 1]]])
    np.testing.assert_array_equal(market.controls, [[[3.5, 3.4]]])
    np.testing.assert_array_equal(market.cost, [[100, 110]])
    assert (market.channels, market.control_names) == (("calls", "samples"), ("price",))
    assert load(path, promotion=("calls",), cost=250).markets["A"].cost == 250.0


def test_weekly_data_count_weeks(tmp_path: Path) -> None:
    path = write(tmp_path / "w.csv", "A,P,2020-12-28,1,1", "A,P,2021-01-05,2,1", "A,P,2021-W03,3,1")
    market = load(path, period="week").markets["A"]
    np.testing.assert_array_equal(market.sales, [[1, 2, np.nan, 3]])
    assert market.period_label(1) == "2021-01-04"


def test_the_table_of_the_introductory_deck_is_read_and_explained() -> None:
    path = DATA / "seed_example.csv"
    findings = check(path)
    assert codes(findings, "error") == set()
    assert codes(findings, "warning") == {"no-promotion", "assumed-year"}
    market = load(path).markets["MKT001"]
    np.testing.assert_array_equal(market.sales, [[1200, 1350, 1280], [980, 1040, 1010]])
    assert market.channels == ()
    frame = build_frame(market, settings_for(path).model, settings_for(path).adstock)
    assert frame.response.size + sum(lost.rows for lost in frame.rows_lost) == 6


def test_the_demo_is_clean_but_for_its_gaps() -> None:
    findings = check(DATA / "demo_panel.csv", controls=("price",))
    assert codes(findings) == {"gaps"}
    assert len(load(DATA / "demo_panel.csv").markets) == 10


# --- columns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Market Code,Pharmacy Code,Month,Sales Amount (₹),Promotion",
        "MARKET,Pharmacy,month ,sales,promotion",
        "market_id,store,date,sales amount,promo",
    ],
)
def test_usual_headings_are_recognised(tmp_path: Path, header: str) -> None:
    assert list(load(write(tmp_path / "panel.csv", *rows(), header=header)).markets) == ["M1", "M2"]


def test_a_named_column_is_not_replaced_by_a_usual_one(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match='no column "region"'):
        load(write(tmp_path / "panel.csv", *rows()), market="region")


def test_two_columns_of_a_usual_name_are_not_chosen_between(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,Q,2021-01,1,1", header="market,store,outlet,month,sales,promotion")
    (finding,) = check(path)
    assert (finding.code, finding.column) == ("missing-column", "pharmacy")


def test_the_nearest_column_is_proposed(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", *rows(), header="market,pharmacy,month,salse,promotion")
    (finding,) = check(path)
    assert 'Did you mean "salse"?' in finding.message


def test_a_table_without_promotion_but_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", *rows(), header="market,pharmacy,month,sales,visits")
    assert codes(check(path), "error") == {"missing-column"}
    assert list(load(path, promotion=("visits",)).markets["M1"].channels) == ["visits"]


def test_all_missing_columns_come_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "1,2", header="a,b")
    assert [f.column for f in check(path)] == ["market", "pharmacy", "month", "sales", "promotion"]


# --- values ------------------------------------------------------------------------------------

CASES: dict[str, tuple[list[str], set[str], set[str]]] = {
    "bad number": (["M1,X,2021-01,abc,1"], {"bad-number"}, set()),
    "bad month": (["M1,X,soon,1,1"], {"bad-month"}, set()),
    "month 13": (["M1,X,2021-13,1,1"], {"impossible-date"}, set()),
    "30 February": (["M1,X,2026-02-30,1,1"], {"impossible-date"}, {"mixed"}),
    "ambiguous": (["M1,X,01/02/2026,1,1"], {"ambiguous-date"}, {"mixed-dates"}),
    "empty month": (["M1,X,,1,1"], {"missing-month"}, set()),
    "future": (["M1,X,2026-02,1,1"], set(), {"future-period"}),
    "absurd year": (["M1,X,2091-01,1,1"], {"absurd-span"}, {"future-period"}),
    "duplicate": (["M1,M1-P1,2021-01,1,1"], {"duplicate-rows"}, set()),
    "negative": (["M1,X,2021-01,-5,1"], {"negative-sales"}, set()),
    "infinite": (["M1,X,2021-01,inf,1"], {"infinite"}, set()),
    "minus infinite": (["M1,X,2021-01,-inf,1"], {"infinite"}, set()),
    "1e308": (["M1,X,2021-01,1e308,1"], {"absurd-number"}, set()),
    "empty market": ([",X,2021-01,1,1"], {"empty-market"}, set()),
    "blank pharmacy": (["M1,  ,2021-01,1,1"], {"empty-pharmacy"}, set()),
    "split market": (["m1 ,X,2021-01,1,1"], {"split-market"}, set()),
    "similar market": (["m1 ,M1-P1,2021-01,1,1"], set(), {"similar-market"}),
    "split pharmacy": (["M1,m1-p1,2021-05,1,1"], {"split-pharmacy"}, set()),
    "similar pharmacy": (["M1,m1-p1,2021-01,1,1"], set(), {"similar-pharmacy"}),
    "leading zeros": (["M1,7,2021-01,1,1", "M1,007,2021-01,1,1"], set(), {"similar-pharmacy"}),
    "NFC and NFD": (["M1,Köln,2021-01,1,1", "M1,Ko\u0308ln,2021-01,1,1"], set(), {"similar-pharmacy"}),
    "invisible": (["M1,X\u202e,2021-01,1,1"], set(), {"invisible-pharmacy"}),
    "negative promotion": (["M1,X,2021-01,1,-1"], set(), {"negative-promotion"}),
    "ragged": (["M1,X,2021-01,1"], {"ragged-row"}, set()),
    "mixed percent": (["M1,X,2021-01,1,45%"], {"mixed-percent"}, set()),
    "mixed truth": (["M1,X,2021-01,1,TRUE"], {"bad-number"}, set()),
    "mixed convention": (['M1,X,2021-01,"1,5",1', "M1,Y,2021-01,2.5,1", "M1,Z,2021-01,3.5,1"], {"bad-number"}, set()),
    "shares": ([f"S,X,2021-0{i},9,0.{i}" for i in (1, 2)], set(), {"mixed-scale"}),
    "missing": (["M1,X,2021-01,NA,1"], set(), set()),
    "blank row": ([",,,,"], set(), set()),
}


@pytest.mark.parametrize("name", CASES)
def test_findings(tmp_path: Path, name: str) -> None:
    lines, errors, warnings = CASES[name]
    findings = check(write(tmp_path / "panel.csv", *rows(), *lines))
    assert codes(findings, "error") == errors
    if "mixed" not in warnings:
        assert codes(findings, "warning") == warnings
    assert all(finding.message.startswith("panel.csv: ") for finding in findings)
    assert all(row > 1 for finding in findings for row in finding.rows)


def test_the_same_code_in_two_markets_is_two_pharmacies(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", "A,P,2021-01,1,1", "B,P,2021-01,1,1")
    assert codes(check(path)) == {"pharmacy-in-several-markets"}


def test_similar_codes_in_different_markets_are_no_concern(tmp_path: Path) -> None:
    assert codes(check(write(tmp_path / "p.csv", "A,P1,2021-01,1,1", "B,p1,2021-01,1,1", "B,q,2021-01,1,1"))) == set()


def test_zero_sales_matter_only_for_a_log_response(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", *rows(), "M1,X,2021-01,0,1")
    assert codes(check(path)) == set()
    assert codes(check(path, response="log")) == {"zero-sales"}


def test_undecided_numbers_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("market;pharmacy;month;sales;promotion\nA;P;2021-01;1,200;1\n")
    assert codes(check(path)) == {"ambiguous-number"}
    path.write_text("market;pharmacy;month;sales;promotion\nA;P;2021-01;1.200;1\n")
    assert codes(check(path)) == {"ambiguous-number"}
    path.write_text('market,pharmacy,month,sales,promotion\nA,P,2021-01,"1,200",1\n')
    assert codes(check(path)) == {"ambiguous-number"}
    path.write_text('market,pharmacy,month,sales,promotion\nA,P,2021-01,"₹ 1,200",1\n')
    assert load(path).markets["A"].sales[0, 0] == 1200


@pytest.mark.parametrize("bad_markets", ["refuse", "contain"])
def test_a_table_of_blank_rows_has_no_rows(tmp_path: Path, bad_markets: str) -> None:
    path = write(tmp_path / "p.csv", ",,,,", " , ,,,")
    assert codes(check(path), "error") == {"no-rows"}
    with pytest.raises(ContractError):
        load(path, bad_markets=bad_markets)


def test_a_market_may_lack_nothing_but_a_readable_row(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,x,1,1", ",P,2021-01,1,1", "B,,2021-01,1,1", "C,P,2021-01,1,1")
    assert list(load(path, bad_markets="contain").markets) == ["C"]


def test_truth_values_and_percentages_of_a_whole_column_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,2021-01,1,TRUE", "A,P,2021-02,1,FALSE")
    assert codes(check(path)) == {"truth-values"}
    np.testing.assert_array_equal(load(path).markets["A"].promotion, [[[1, 0]]])
    path = write(tmp_path / "q.csv", "A,P,2021-01,1,45%", "A,P,2021-02,1,0", "A,P,2021-03,1,5 %")
    assert codes(check(path)) == {"percent"}
    np.testing.assert_array_equal(load(path).markets["A"].promotion, [[[45, 0, 5]]])


def test_a_column_without_any_value_is_warned_about(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,2021-01,NA,1", "A,P,2021-02,,1")
    assert codes(check(path), "warning") == {"no-values"}
    assert load(path).markets["A"].rows_read == 2


def test_a_negative_cost_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,2021-01,1,1,-3", header="market,pharmacy,month,sales,promotion,cost")
    assert codes(check(path, cost="cost"), "error") == {"negative-cost"}


def test_weekly_dates_in_a_monthly_table_are_explained(tmp_path: Path) -> None:
    lines = [f"A,P,2021-01-{day:02d},1,1" for day in (4, 11, 18, 25)]
    (finding,) = check(write(tmp_path / "p.csv", *lines))
    assert 'set panel.period = "week"' in finding.message


def test_findings_come_errors_first_and_all_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "A,P,2021-13,abc,-1", "A,Q,2026-05,-1,x")
    findings = check(path)
    assert [f.severity for f in findings] == sorted(
        (f.severity for f in findings), key=["error", "warning", "note"].index
    )
    assert codes(findings, "error") == {"impossible-date", "bad-number", "negative-sales", "empty-promotion"}
    with pytest.raises(ContractError) as caught:
        load(path)
    assert caught.value.exit_code == 4
    assert len(caught.value.message.splitlines()) == 4


def test_every_message_is_as_reviewed(tmp_path: Path, update_golden: bool) -> None:
    said = []
    for name, (lines, _, _) in CASES.items():
        findings = check(write(tmp_path / "panel.csv", *rows(), *lines))
        said += [f"# {name}", *(f"{f.severity} {f.code}: {f.message}" for f in findings), ""]
    text = "\n".join(said)
    if update_golden:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


# --- bad markets -------------------------------------------------------------------------------


def test_one_bad_market_stops_the_run_and_says_how_to_contain_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        load(write(tmp_path / "panel.csv", *rows(), "M2,X,2021-01,abc,1"))
    assert caught.value.code == "bad-number"
    assert caught.value.message.endswith(
        '1 of 2 markets is not affected: panel.bad_markets = "contain" builds it and refuses the rest.'
    )


def test_contained_bad_markets_leave_the_others_as_they_were(tmp_path: Path) -> None:
    clean = load(write(tmp_path / "clean.csv", *rows()))
    panel = load(
        write(
            tmp_path / "panel.csv",
            *rows(),
            "M2,X,2021-01,abc,1",
            "M2,X,2021-02,-1,1",
            "M3,X,2021-01,1",
            ",X,2021-01,1,1",
        ),
        bad_markets="contain",
    )
    assert list(panel.markets) == ["M1"]
    assert panel.markets["M1"].data_hash == clean.markets["M1"].data_hash
    assert {m: [f.code for f in findings] for m, findings in panel.refused.items()} == {
        "M2": ["bad-number", "negative-sales"],
        "M3": ["ragged-row"],
    }
    (finding,) = panel.refused["M3"]
    assert (finding.market, finding.count, finding.rows) == ("M3", 1, (20,))
    assert 'in market "M3"' in finding.message


@pytest.mark.parametrize("lines", [["M1,X,2021-01,abc,1", "M2,X,2021-01,abc,1"], []])
def test_nothing_left_is_an_error_even_when_contained(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(ContractError):
        load(write(tmp_path / "panel.csv", *lines), bad_markets="contain")


def test_missing_columns_cannot_be_contained(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        load(write(tmp_path / "p.csv", *rows(), header="market,pharmacy,month,x,y"), bad_markets="contain")


# --- scale and strangeness ---------------------------------------------------------------------


def test_ten_thousand_markets_of_one_row(tmp_path: Path) -> None:
    frame = pd.DataFrame({"market": [f"M{i:05d}" for i in range(10_000)], "pharmacy": "P", "month": "2021-01"})
    panel = validate_panel(raw(frame.assign(sales=1.0, promotion=2.0)), settings_for("panel.csv"))
    assert len(panel.markets) == 10_000


def test_fifty_thousand_pharmacies(tmp_path: Path) -> None:
    frame = pd.DataFrame({"market": "M", "pharmacy": [f"P{i % 50_000}" for i in range(100_000)]})
    frame["month"] = ["2021-01"] * 50_000 + ["2021-02"] * 50_000
    market = validate_panel(raw(frame.assign(sales="₹ 1,200", promotion=2)), settings_for("panel.csv")).markets["M"]
    assert market.sales.shape == (50_000, 2)


STRANGE = st.one_of(
    st.sampled_from(["NA", "A", "a ", "", "00123", "123", "1E5", "2021-01", "2021-02", "Jan", "01/02/2026", "2021-13"]),
    st.sampled_from(["1,200", "1.234,50", "₹ 5", "inf", "-3", "45%", "TRUE", "1e308", "44197", "2091-01", "5", "7.5"]),
    st.text(max_size=5),
    st.none(),
)
TYPED = st.sampled_from([1, -1, 2.5, float("nan"), float("inf"), True, None, 1e308, 202101])
COLUMN = st.one_of(
    st.lists(STRANGE, min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype=object)),
    st.lists(TYPED, min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype=object)),
    st.lists(TYPED, min_size=4, max_size=4).map(lambda v: pd.Series(v).infer_objects()),
    st.lists(st.integers(0, 9), min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype="Int64")),
    st.just(pd.Series(pd.date_range("2021-01-01", periods=4, freq="MS", tz="UTC"))),
    st.just(pd.Series(["2021-01", "2021-02", "2021-03", "2021-04"], dtype="str")),
    st.just(pd.Series(["x", "y", "x", "y"], dtype="category")),
)


@given(
    st.lists(COLUMN, min_size=5, max_size=5), st.sampled_from(["month", "week"]), st.sampled_from(["refuse", "contain"])
)
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_is_read_or_refused_in_words(columns: list[pd.Series], period: str, bad_markets: str) -> None:
    table = raw(pd.DataFrame(dict(zip(["market", "pharmacy", "month", "sales", "promotion"], columns, strict=True))))
    wanted = settings_for("panel.csv", period=period, bad_markets=bad_markets)
    findings = check_panel(table, wanted)
    try:
        panel = validate_panel(table, wanted)
    except InputError:
        assert "error" in {f.severity for f in findings}
        return
    assert panel.markets
    for market in panel.markets.values():
        frame = build_frame(market, wanted.model, wanted.adstock)
        assert frame.response.size + sum(lost.rows for lost in frame.rows_lost) == market.rows_read
        assert np.isfinite(frame.response).all()


@pytest.mark.parametrize("heading", ["Sales ('000)", "Sales (k EUR)", "Sales in lakhs", "Umsatz TEUR"])
def test_a_unit_in_the_heading_of_sales_is_said(heading: str, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"market,pharmacy,month,{heading},promotion\nA,P,2021-01,12.5,1\n")
    chosen = Settings.model_validate({"panel": {"source": "p.csv", "sales": heading}})
    assert "heading-unit" in {finding.code for finding in check_panel(read_table(chosen.panel, tmp_path), chosen)}


# --- territories -------------------------------------------------------------------------------

TERRITORY_HEADER = "market,territory,pharmacy,month,sales,promotion"


def with_territories(**changed: str) -> list[str]:
    """Lines of a clean table whose pharmacies have a territory each; ``changed`` by pharmacy and month."""
    lines = []
    for line in rows(("M1",), pharmacies=4):
        market, pharmacy, month, *rest = line.split(",")
        own = changed.get(f"{pharmacy[-2:]}_{month[-2:]}", "South" if pharmacy[-1] in "12" else "North")
        lines.append(",".join((market, own, pharmacy, month, *rest)))
    return lines


def test_every_pharmacy_has_the_territory_of_its_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", *with_territories(P1_01=""), header=TERRITORY_HEADER)
    market = load(path, territory="Territory").markets["M1"]
    assert market.territories == ("South", "South", "North", "North")
    assert load(path).markets["M1"].territories == ()
    assert load(path).markets["M1"].data_hash != market.data_hash


def test_a_pharmacy_in_two_territories_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", *with_territories(P2_03="North"), header=TERRITORY_HEADER)
    found = check(path, territory="territory")
    assert codes(found, "error") == {"pharmacy-in-several-territories"}
    assert 'row 8 "North"' in found[0].message


def test_a_pharmacy_without_a_territory_is_an_error(tmp_path: Path) -> None:
    empty = {f"P3_{month:02d}": "" for month in range(1, 5)}
    path = write(tmp_path / "panel.csv", *with_territories(**empty), header=TERRITORY_HEADER)
    assert codes(check(path, territory="territory"), "error") == {"empty-territory"}
    assert codes(check(path)) == set()


def test_the_territory_may_be_a_part_of_the_pharmacys_key(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", *with_territories(), header=TERRITORY_HEADER)
    market = load(path, territory="territory", pharmacy=["territory", "pharmacy"]).markets["M1"]
    assert market.pharmacies[0].startswith("North")
    assert market.territories[0] == "North"


def test_classes_are_read_as_territories_are(tmp_path: Path) -> None:
    lines = with_territories(P1_01="")
    path = write(tmp_path / "panel.csv", *lines, header=TERRITORY_HEADER.replace("territory", "size class"))
    wanted = settings_for(path).model_copy(update={"model": ModelSettings(moderators=("Size_Class",))})
    table = read_table(wanted.panel, path.parent)
    market = validate_panel(table, wanted).markets["M1"]
    assert market.moderators == (("size class", ("South", "South", "North", "North")),)
    moved = write(path, *with_territories(P2_03="North"), header=TERRITORY_HEADER.replace("territory", "size class"))
    found = check_panel(read_table(wanted.panel, moved.parent), wanted)
    assert codes(found, "error") == {"pharmacy-in-several-classes"}
    other = wanted.model_copy(update={"model": ModelSettings(moderators=("region",))})
    found = check_panel(table, other)
    assert codes(found, "error") == {"missing-column"}
    assert "model.moderators" in found[0].message


def test_a_column_called_like_a_territory_is_kept_for_a_check_where_none_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "panel.csv", *with_territories(), header=TERRITORY_HEADER)
    assert load(path).markets["M1"].unnamed_territories == ("territory", ("South", "South", "North", "North"))
    assert load(path, territory="territory").markets["M1"].unnamed_territories == ("", ())
    moved = write(path, *with_territories(P2_03="North"), header=TERRITORY_HEADER)
    assert codes(check(moved)) == set()
    assert load(moved).markets["M1"].unnamed_territories[1] == ()


def test_a_territory_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = check(write(tmp_path / "panel.csv", *rows()), territory="gebiet")
    assert codes(found, "error") == {"missing-column"}
    assert "panel.territory" in found[0].message
