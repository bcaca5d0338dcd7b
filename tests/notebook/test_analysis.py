"""What an analyst gets in a notebook: the numbers of a build, as frames, words, charts, predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import reportgen
from factories import market_results
from reportgen import charts
from reportgen.errors import InputError, UsageError
from reportgen.notebook.analysis import MarketAnalysis
from reportgen.report.figures import ACROSS, CHARTS
from reportgen.results import EffectSize, to_json
from reportgen.results.derived.intervals import normal_interval


def table(markets: int = 2, pharmacies: int = 14, months: int = 24, seed: int = 3) -> pd.DataFrame:
    """Sales with a known effect of 40 a visit in its month, of which half goes on."""
    rng = np.random.default_rng(seed)
    parts = []
    for m in range(markets):
        visits = rng.poisson(3.0, (pharmacies, months)).astype(float)
        level = rng.normal(1000.0, 150.0, (pharmacies, 1))
        stock = np.zeros((pharmacies, months))
        for t in range(months):
            stock[:, t] = visits[:, t] + (0.5 * stock[:, t - 1] if t else 0.0)
        sales = level + rng.normal(40.0, 8.0, (pharmacies, 1)) * stock + rng.normal(0.0, 40.0, (pharmacies, months))
        index = pd.MultiIndex.from_product(
            [[f"M{m}"], [f"P{k:02d}" for k in range(pharmacies)], pd.period_range("2022-01", periods=months, freq="M")],
            names=["market", "pharmacy", "month"],
        )
        parts.append(pd.DataFrame({"sales": sales.round(2).ravel(), "promotion": visits.ravel()}, index=index))
    return pd.concat(parts)


@pytest.fixture(scope="module")
def analysis() -> MarketAnalysis:
    return reportgen.analyse(table(), market="M0")


def test_a_frame_and_a_file_and_a_build_give_the_same_numbers(tmp_path: Path) -> None:
    frame = table().reset_index()
    frame["month"] = frame["month"].astype(str)
    frame.to_csv(tmp_path / "sales.csv", index=False)
    of_frame = reportgen.analyse(table(), market="M1")
    of_file = reportgen.analyse(tmp_path / "sales.csv", market="M1")
    built = reportgen.build(tmp_path, data=table(), out=tmp_path / "out", formats=["results"], jobs=1)
    assert built.exit_code == 0
    loaded = reportgen.load_results(tmp_path / "out/markets" / built.markets[1].slug)
    for one in (of_file, loaded):
        pd.testing.assert_frame_equal(one.coefficients, of_frame.coefficients)
        assert one.results.provenance.data_hash == of_frame.results.provenance.data_hash
    again = reportgen.build(tmp_path, data=table(), out=tmp_path / "out", formats=["results"], jobs=1)
    assert [one.action for one in again.markets] == ["up-to-date"] * 2


def test_markets_are_a_mapping_and_one_is_taken_by_its_code() -> None:
    found = reportgen.analyse(table())
    assert list(found) == ["M0", "M1"]
    assert repr(found) == "<MarketAnalyses of 2 markets: M0, M1>"
    assert found["M0"] is found["M0"]
    assert list(found.summary().index) == ["M0", "M1"]
    assert "<table" in found._repr_html_()
    assert found.overview.totals.markets == 2
    with pytest.raises(UsageError, match="take one by its code"):
        _ = found.one
    with pytest.raises(UsageError, match="There are M0, M1"):
        reportgen.analyse(table(), market="m0")
    assert reportgen.analyse(table(markets=1)).one.market == "M0"


def test_columns_are_found_and_guesses_are_told() -> None:
    frame = table(markets=1).reset_index().rename(columns={"pharmacy": "Apotheke", "promotion": "Besuche"})
    one = reportgen.analyse(frame).one
    assert one.results.data.pharmacies == 14
    assert one.settings.panel.pharmacy == "Apotheke"
    assert "Guessed about the table:" in one.summary() or not one.assumed


def test_the_repr_is_a_line_and_the_words_are_the_report_s(analysis: MarketAnalysis) -> None:
    assert len(repr(analysis)) < 100
    assert len(repr(analysis.results)) > 10_000  # what it was before
    said = analysis.summary()
    assert analysis.document.summary.verdict.sentence.split()[0] in said
    assert max(map(len, said.splitlines())) < 200
    html = analysis._repr_html_()
    assert "<svg" in html
    assert "<script" not in html
    assert "<style" not in html
    assert len(html) < 60_000


def test_frames_hold_what_the_results_hold(analysis: MarketAnalysis) -> None:
    results = analysis.results
    assert list(analysis.coefficients.index) == [row.term for row in results.fixed]
    assert list(analysis.pharmacies.index) == [row.pharmacy for row in results.pharmacies]
    assert list(analysis.checks.index) == [row.id for row in results.checks]
    assert list(analysis.months.index) == list(results.charts.monthly.periods)  # type: ignore[union-attr]
    assert analysis.effects.loc[("promotion", "kept_up"), "estimate"] == results.effects[0].kept_up.estimate
    assert isinstance(analysis.plan, pd.DataFrame)
    assert analysis.verdict == results.verdict.code


def test_statsmodels_says_the_same(analysis: MarketAnalysis) -> None:
    theirs = analysis.to_statsmodels()
    ours = analysis.coefficients["estimate"]
    assert theirs.fe_params.to_numpy()[: len(ours)] == pytest.approx(ours.to_numpy(), rel=1e-8)


@pytest.mark.parametrize("name", ["x.html", "x.pdf", "x.brief.pdf", "x.xlsx", "x.json"])
def test_a_report_is_one_call(analysis: MarketAnalysis, tmp_path: Path, name: str) -> None:
    path = analysis.report(tmp_path / name)
    assert path.stat().st_size > 3000
    if name == "x.json":
        assert path.read_bytes() == to_json(analysis.results)
        assert reportgen.load_results(path).market == "M0"


def test_another_ending_is_refused(analysis: MarketAnalysis, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ending"):
        analysis.report(tmp_path / "x.docx")


def test_comparison_has_both_and_the_difference(analysis: MarketAnalysis) -> None:
    gaps = analysis.compare(reportgen.analyse(table(), market="M1"))
    row = gaps.loc["first_period"]
    assert row["difference"] == pytest.approx(row["this"] - row["other"])
    assert row["difference_se"] > 0
    assert np.isnan(analysis.compare(analysis).loc["kept_up", "difference_se"])


def test_an_analysis_says_nothing_of_reports_where_python_happens_to_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analysis: MarketAnalysis
) -> None:
    (tmp_path / "M0").mkdir()
    earlier = replace(analysis.results, effects=(), provenance=replace(analysis.results.provenance, code="older"))
    (tmp_path / "M0" / "results.json").write_bytes(to_json(earlier))
    monkeypatch.chdir(tmp_path)
    assert reportgen.analyse(table(), market="M0").results.change is None


def test_errors_of_a_difference_are_read_at_the_level_of_each_interval() -> None:
    gaps = known_to(3.0, 0.95, "a").compare(known_to(4.0, 0.8, "b"))
    assert gaps.loc["kept_up", "difference_se"] == pytest.approx(5.0)


def known_to(se: float, confidence: float, data: str) -> MarketAnalysis:
    """A market whose effect kept up has this standard error, printed as a normal interval."""
    made = market_results()
    lower, upper = normal_interval(10.0, se, confidence)
    first = replace(made.effects[0], kept_up=EffectSize(estimate=10.0, lower=lower, upper=upper))
    return MarketAnalysis(
        results=replace(
            made, effects=(first,), model=replace(made.model, confidence=confidence),
            provenance=replace(made.provenance, data_hash=data),
        )
    )  # fmt: skip


def test_what_needs_data_says_so_where_results_came_from_a_file(tmp_path: Path, analysis: MarketAnalysis) -> None:
    loaded = reportgen.load_results(analysis.report(tmp_path / "results.json"))
    for ask in (loaded.predict, loaded.simulate, loaded.to_statsmodels):
        with pytest.raises(UsageError, match="needs the data"):
            ask()


def test_fitted_rows_lie_in_their_intervals(analysis: MarketAnalysis) -> None:
    sales = table().loc["M0"]["sales"]
    sales.index = sales.index.set_levels(sales.index.levels[1].astype(str), level=1)
    made = analysis.predict().set_index(["pharmacy", "period"])
    true = sales.reindex(made.index)
    assert made["known"].all()
    assert 0.92 < ((made["lower"] <= true) & (true <= made["upper"])).mean() < 0.99
    assert np.abs(true - made["estimate"]).mean() < 60


def test_later_months_and_new_pharmacies_are_predicted_wider(analysis: MarketAnalysis) -> None:
    months = ["2024-01", "2024-02", "2024-03"]
    rows = pd.DataFrame(
        [(p, m, 3.0) for p in ("P00", "new") for m in months], columns=["pharmacy", "month", "promotion"]
    )
    made = analysis.predict(rows)
    width = (made["upper"] - made["lower"]).to_numpy().reshape(2, 3)
    assert list(made["known"]) == [True] * 3 + [False] * 3
    assert (width[1] > 1.5 * width[0]).all()
    # Every pharmacy's level is known: 1,000 and 40 times 6 visits at work.
    assert made["estimate"].iloc[3:].mean() == pytest.approx(1240, abs=120)
    more = analysis.predict(rows.assign(promotion=8.0))
    assert (more["estimate"] > made["estimate"] + 100).all()
    pd.testing.assert_frame_equal(made, analysis.predict(rows))


def test_new_pharmacies_are_where_their_intervals_say() -> None:
    """Of 40 pharmacies that the fit has not seen, 95 % of months lie in the intervals, give or take."""
    whole = table(markets=1, pharmacies=70, seed=11).reset_index()
    whole["month"] = whole["month"].astype(str)
    seen = whole["pharmacy"] < "P30"
    one = reportgen.analyse(whole[seen]).one
    rows = whole[~seen]
    made = one.predict(rows[["pharmacy", "month", "promotion"]])
    inside = (made["lower"] <= rows["sales"]) & (rows["sales"] <= made["upper"])
    assert 0.89 < inside.mean() <= 1.0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"pharmacy": ["P00"], "month": ["2024-01"]}, "no column 'promotion'"),
        ({"pharmacy": ["P00"], "month": ["soon"], "promotion": [1]}, "is no month"),
        ({"pharmacy": ["P00"], "month": ["2020-01"], "promotion": [1]}, "before 2022-01"),
        ({"pharmacy": ["P00"], "month": ["2024-01"], "promotion": ["many"]}, "no number"),
        ({"pharmacy": ["P00"] * 2, "month": ["2024-01"] * 2, "promotion": [1, 1]}, "two rows"),
    ],
)
def test_rows_that_cannot_be_predicted_are_named(
    analysis: MarketAnalysis, rows: dict[str, list[object]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        analysis.predict(pd.DataFrame(rows))


def test_simulated_sales_look_like_the_market_s(analysis: MarketAnalysis) -> None:
    made = analysis.simulate(5, seed=1)
    assert made["copy"].nunique() == 5
    assert made["sales"].mean() == pytest.approx(analysis.results.data.sales_mean, rel=0.1)
    pd.testing.assert_frame_equal(made, analysis.simulate(5, seed=1))


def test_a_market_without_an_estimate_is_an_analysis_that_says_why() -> None:
    one = reportgen.analyse(table(markets=1, pharmacies=3)).one
    assert one.verdict == "cannot-tell"
    assert "pharmacies" in one.summary()
    assert one.coefficients.empty
    assert "<div" in one._repr_html_()
    with pytest.raises(InputError, match="no estimate"):
        one.predict()


def test_there_is_a_chart_function_for_every_kind_of_the_report() -> None:
    assert [one.name for one in charts.KINDS] == list(CHARTS)
    assert [one.name for one in charts.ACROSS] == list(ACROSS)
    assert set(charts.__all__) >= {*CHARTS, *ACROSS}
    for one in (*charts.KINDS, *charts.ACROSS):
        assert getattr(charts, one.name) is one


@pytest.mark.parametrize("kind", charts.KINDS, ids=lambda one: one.name)
def test_every_chart_draws_artists_on_my_axes(kind: charts.ChartKind) -> None:
    one = MarketAnalysis(results=market_results())
    figure = Figure(figsize=(9, 6))
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    try:
        assert kind(one, ax) is ax
    except InputError as error:
        assert error.code == "no-chart"  # noqa: PT017 - the factory's market is a straight line
        assert kind.name == "response"
        return
    assert len(ax.get_children()) > 5
    assert kind.chart(one).table.rows


def test_charts_across_need_markets_that_can_be_pooled() -> None:
    found = reportgen.analyse(table())
    ax = charts.market_forest(found)
    assert len(ax.get_children()) > 5


@pytest.mark.parametrize("bad", [[1, 2], 7, {"a": [1]}])
def test_what_is_no_table_is_said(tmp_path: Path, bad: object) -> None:
    with pytest.raises(UsageError, match="pandas DataFrame"):
        reportgen.build(tmp_path, data=bad)  # type: ignore[arg-type]
