"""Every chart of a market: same bytes, words with numbers, safe text, and nothing where there is nothing."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drawings import labels
from factories import channel_results, curved, market_results, overview_results
from reportgen import results as r
from reportgen.render.charts.svg import write_svg
from reportgen.report import figures
from reportgen.report.blocks import Chart
from reportgen.report.figures import ACROSS, CHARTS, Theme, draw_charts, draw_market_charts, kind_of
from reportgen.report.shapes import Dots
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language

FORMATS, ENGLISH = Formats("en_IN", "INR", unit="visit"), Language("en_IN")


def draw(results: r.MarketResults, **choice: Any) -> dict[str, Chart]:
    response = results.model.response if results.model else "level"
    return draw_charts(results, replace(FORMATS, response=response), ENGLISH, **choice)


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return draw(market_results())


def test_a_curve_is_drawn() -> None:
    bent = draw(curved(market_results()))
    assert list(dict.fromkeys(map(kind_of, bent))) == list(CHARTS)


def test_a_full_market_has_every_kind_of_chart_in_order(charts: dict[str, Chart]) -> None:
    assert list(dict.fromkeys(map(kind_of, charts))) == [kind for kind in CHARTS if kind != "response"]
    assert all(chart.name == name for name, chart in charts.items())


def test_every_chart_that_can_be_drawn_is_listed_once() -> None:
    """The list of kinds against the modules: a function that makes charts and is in no list draws nothing."""
    made = {
        f"{module.__name__}.{name}"
        for module in vars(figures).values()
        if inspect.ismodule(module) and module.__name__.startswith(f"{figures.__name__}.")
        for name in vars(module)
        if name.startswith(("chart_", "charts_"))
    }
    listed = [f"{make.__module__}.{make.__name__}" for make in (*CHARTS.values(), *ACROSS.values())]
    assert len(listed) == len(set(listed))
    assert set(listed) == made


def test_a_chart_asked_for_by_name_is_drawn_alone() -> None:
    for name in ("key_kept_up", "checks", "qq_slope", "forest"):
        assert list(draw(market_results(), names=(name,))) == [name]


def test_another_process_draws_the_same_bytes(charts: dict[str, Chart], checkout: Path) -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, 'tests')\n"
        "from factories import channel_results, market_results\n"
        "from reportgen.report.figures import draw_charts\n"
        "from reportgen.report.words.formats import Formats\nfrom reportgen.report.words.language import Language\n"
        "made = draw_charts(market_results(), Formats('en_IN', 'INR', unit='visit'), Language('en_IN'))\n"
        "print(hashlib.sha256(repr(made).encode()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    import hashlib

    ours = hashlib.sha256(repr(charts).encode()).hexdigest()
    assert shown.stdout.strip() == ours


def test_titles_are_findings_and_alternatives_state_a_number(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        assert re.search(r"\d", chart.alt), chart.name
        assert re.search(r"\d", chart.title), chart.name
        assert chart.title.endswith("."), chart.name
        assert chart.title in chart.alt
        assert chart.subtitle
        assert not re.search(r"[{}]|None|nan", chart.title + chart.subtitle + chart.foot), chart.name


def test_every_chart_carries_the_numbers_it_shows(charts: dict[str, Chart]) -> None:
    for chart in (*charts.values(), *draw(curved(market_results()), names=("response",)).values()):
        assert chart.table.rows, chart.name
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows), chart.name
        assert all(value == value for row in chart.table.rows for value in row), f"{chart.name} holds NaN"


@pytest.mark.parametrize("status", ["not-estimable", "not-estimated"])
def test_market_without_an_estimate_shows_its_data_only(status: r.Status) -> None:
    assert set(draw(market_results(status=status))) == {"timeline", "multiples"}


def test_market_without_chart_data_has_no_charts() -> None:
    bare = market_results(status="not-estimable", charts=r.Charts())
    assert draw(bare) == {}


def test_singular_market_has_no_caterpillar_of_equal_responses() -> None:
    made = draw(market_results(status="singular"))
    assert "caterpillar" not in made
    assert {"forest", "without_promotion"} <= set(made)


def test_log_response_writes_percent() -> None:
    made = draw(market_results(response="log"))
    assert "%" in made["caterpillar"].subtitle
    assert not any("₹" in text for text in labels(made["forest"]))


def test_only_wanted_charts_are_drawn() -> None:
    made = draw(market_results(), names=("caterpillar", "qq_slope", "key_kept_up", "unknown"))
    assert list(made) == ["key_kept_up", "caterpillar", "qq_slope"]


def test_missing_parts_leave_out_their_charts_only() -> None:
    results = market_results(cost=None)
    empty = replace(
        results, effects=(), long_run=None, impulse=(), incremental=None, what_if=(), ordinary=None, decay=None
    )
    gone = set(draw(results)) - set(draw(empty))
    keys = {"key_kept_up", "key_brought"}
    assert gone == keys | {"without_promotion", "impulse", "ordinary", "decay"}


def test_intervals_without_bounds_are_drawn_as_hollow_points() -> None:
    results = market_results()
    bare = tuple(replace(row, se=None, lower=None, upper=None) for row in results.fixed)
    made = draw(replace(results, fixed=bare, plain=None, within=None), names=("forest", "estimators"))
    assert set(made) == {"forest", "estimators"}
    assert any(isinstance(s, Dots) and s.inside == "#ffffff" for s in made["forest"].shapes)


def test_further_channels_and_random_terms_get_charts_of_their_own() -> None:
    results = channel_results(("visits", "samples", "mail"))
    assert results.more_decays[0].channel == "samples"
    second = replace(results.more_decays[0], at_edge=True)
    slope = results.charts.qq[2]
    charts = replace(results.charts, qq=(*results.charts.qq, slope, slope))
    made = draw(replace(results, more_decays=(second, *results.more_decays[1:]), charts=charts))
    assert made["decay_2"].title.startswith("samples: The data do not settle")
    assert made["impulse_3"].title.startswith("mail: One unit of mail goes with")
    assert made["caterpillar"].title.startswith("visits: ")
    assert [name for name in made if name.startswith(("decay", "impulse"))] == [
        "decay", "decay_2", "decay_3", "impulse", "impulse_2", "impulse_3",
    ]  # fmt: skip
    assert {"qq_slope", "qq_slope_2", "qq_slope_3"} <= set(made)


def test_hostile_names_are_text_and_nothing_else() -> None:
    made = draw(market_results(names="hostile", pharmacies=30))
    for chart in made.values():
        written = write_svg(chart)
        assert "<script" not in written
        assert "\u202e" not in written + chart.title
        ET.fromstring(written)
    assert any("$x_{$" in text for text in labels(made["caterpillar"]))
    assert any("<script>alert(1)</script>" in text for text in labels(made["caterpillar"]))
    assert any(tip.text.startswith("A & B") for tip in made["caterpillar"].tips)


def test_brand_accent_replaces_the_accent_everywhere() -> None:
    theme = Theme(accent="#123456")
    made = draw(market_results(), theme=theme)
    assert all("#0a6a82" not in repr(chart.shapes) for chart in made.values())
    assert "#123456" in repr(made["forest"].shapes)


@pytest.mark.parametrize("colour", ["red", "#ABCDEF", '#123"/>'])
def test_theme_refuses_colours_of_another_form(colour: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        Theme(accent=colour)


def test_market_charts_depend_on_what_could_be_pooled() -> None:
    def names(**arguments: Any) -> set[str]:
        return set(draw_market_charts(overview_results(**arguments), FORMATS, ENGLISH))

    assert names(markets=8) == {"market_forest", "market_uncertainty", "market_ranks"}
    assert names(markets=1, pooled=False) == {"market_forest"}
    unranked = overview_results(markets=3)
    bare = tuple(replace(row, expected_rank=None, shrunken=None) for row in unranked.markets)
    assert "market_ranks" not in draw_market_charts(replace(unranked, markets=bare, pooled=None), FORMATS, ENGLISH)
    assert draw_market_charts(replace(unranked, markets=()), FORMATS, ENGLISH) == {}


def test_market_forest_states_pooled_effect_and_prediction() -> None:
    chart = draw_market_charts(overview_results(markets=8), FORMATS, ENGLISH)["market_forest"]
    assert "Pooled over 8 markets" in chart.title
    assert "A new market, expected" in labels(chart)
    elasticity = replace(overview_results(markets=70), estimand="kept-up-elasticity")
    longer = draw_market_charts(elasticity, FORMATS, ENGLISH)["market_forest"]
    assert "…" in labels(longer)
    assert len(longer.table.rows) == 70
