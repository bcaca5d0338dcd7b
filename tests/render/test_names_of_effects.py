"""First month, in all, kept up: one number under one name in every output, whatever the carry-over and the lags."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from functools import lru_cache
from io import BytesIO

import numpy as np
import pytest
from pypdf import PdfReader

from factories import channel_results, market_results
from model_problems import PROVENANCE, settings, small_panel
from reportgen.batch.state.record import headline
from reportgen.cli.console import _effect
from reportgen.model.across.markets import summarise_markets
from reportgen.model.analysis import analyse_market
from reportgen.model.deciding import TABLE, decisions, withhold
from reportgen.panel.features import build_frame
from reportgen.panel.transforms import adstock
from reportgen.render.html import render_report
from reportgen.render.pdf import brief_pdf, report_pdf
from reportgen.render.quarto import market_files
from reportgen.report.document import build_report
from reportgen.report.site.market_line import summarise
from reportgen.report.site.overview import build_overview
from reportgen.report.tables.sheets import build_workbook
from reportgen.report.words import quantities
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language
from reportgen.report.words.publishing import site_words
from reportgen.results import Check, MarketResults, Verdict
from reportgen.settings.sections import Settings

WORLDS = [
    {"decay": decay, "normalize": normalize, "lags": lags}
    for decay in (0.0, 0.3, 0.6)
    for normalize in (True, False)
    for lags in ((), (1,), (1, 2))
]
OLD = re.compile(
    r"same (month|week|period)|effect now|long run\b|long-run|at once|immediate|auf lange Sicht|im selben Monat|sofort",
    re.IGNORECASE,
)
"""Names that the three had besides their own."""


def chosen(decay: float, lags: tuple[int, ...], *, normalize: bool, locale: str = "en_IN") -> Settings:
    return settings(
        adstock={"decay": decay, "normalize": normalize},
        model={"lags": lags},
        report={"promotion_unit": "visit", "locale": locale, "currency": "INR"},
    )


@lru_cache(maxsize=32)
def analysed(decay: float, lags: tuple[int, ...], normalize: bool) -> MarketResults:
    panel = small_panel(2, pharmacies=20, periods=20, decay=decay, normalize=normalize)
    return analyse_market(panel, chosen(decay, lags, normalize=normalize), PROVENANCE)


def text_of(page: str) -> str:
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_first_month_is_what_one_more_unit_changes_in_its_own_month(world):
    results = analysed(world["decay"], world["lags"], world["normalize"])
    (effects,), fixed = results.effects, {row.term: row for row in results.fixed}
    if effects.first_period.estimate is None:
        assert effects.first_period.withheld
        return
    panel = small_panel(2, pharmacies=20, periods=20, decay=world["decay"], normalize=world["normalize"])
    settings_ = chosen(world["decay"], world["lags"], normalize=world["normalize"])
    frame = build_frame(panel, settings_.model, settings_.adstock)
    dose = frame.panel.promotion[0][frame.grid_rows]
    more = dose.copy()
    more[:, 9] += 1.0
    change = adstock(more, world["decay"], world["normalize"]) - adstock(dose, world["decay"], world["normalize"])
    beta = fixed["Adstock_Promotion"].estimate
    np.testing.assert_allclose(effects.first_period.estimate, beta * change[:, 9], rtol=1e-9)
    assert effects.first_period.estimate == pytest.approx(results.impulse[0].effect, rel=1e-12)
    path = beta * change[0, 9:]
    phi = [fixed[f"Lag{k}_Sales"].estimate for k in world["lags"]]
    for t in range(len(path)):
        path[t] += sum(one * path[t - k] for k, one in zip(world["lags"], phi, strict=True) if t >= k)
    size = min(len(path), len(results.impulse))
    np.testing.assert_allclose([one.effect for one in results.impulse[:size]], path[:size], atol=1e-6)
    if effects.kept_up.estimate is not None:
        assert effects.in_all.estimate == effects.kept_up.estimate
        assert effects.kept_up.estimate == pytest.approx(
            beta / (1.0 if world["normalize"] else 1.0 - world["decay"]) / (1.0 - sum(phi))
        )


def written(results: MarketResults, locale: str = "en_IN") -> dict[str, str]:
    """Effects and coefficient as they are printed."""
    formats = Formats(locale=locale, currency="INR", unit="visit")
    found = {"first": quantities.first(results), "kept_up": quantities.kept_up(results)}
    made = {name: formats.effect(one.estimate, quantities.spread(one)) for name, one in found.items() if one}
    term = results.model.promotion_terms[0]
    row = next(row for row in results.fixed if row.term == term)
    return made | {"coefficient": formats.effect(row.estimate, row.se)}


@pytest.mark.parametrize("world", [WORLDS[5], WORLDS[8], WORLDS[14], WORLDS[17]], ids=str)
def test_pages_workbook_overview_and_terminal_say_the_same(world):
    results = analysed(world["decay"], world["lags"], world["normalize"])
    wanted = chosen(world["decay"], world["lags"], normalize=world["normalize"])
    report, numbers = build_report(results, wanted), written(results)
    shown = {one.label: one.value for one in report.summary.key_figures}
    if results.verdict.code not in ("unclear", "no-effect"):
        assert shown.get("First month") == (None if "kept_up" in numbers else numbers.get("first"))
        assert shown.get("Kept up") == numbers.get("kept_up")
        page = text_of(render_report(report))
        for name, label in (("first", "First month"), ("kept_up", "Kept up")):
            if name in numbers:
                assert re.search(rf"{label}.{{0,80}}{re.escape(' '.join(numbers[name].split()))}", page)
    sheet = {row[0]: row[2:] for row in build_workbook(results, wanted).sheets[0].rows}
    (effects,) = results.effects
    for label, one in (
        ("First month", effects.first_period),
        ("In all", effects.in_all),
        ("Kept up", effects.kept_up),
    ):
        (row,) = [value for key, value in sheet.items() if key.startswith(f"{label} (")]
        assert row == (one.estimate, one.lower, one.upper)
    told = headline(results)
    assert (told.effect, told.lower, told.upper) == (
        effects.kept_up.estimate, effects.kept_up.lower, effects.kept_up.upper,
    )  # fmt: skip
    across = summarise_markets([results])
    for one in across.markets:
        assert (one.first_period, one.in_all, one.kept_up) == (
            effects.first_period.estimate, effects.in_all.estimate, effects.kept_up.estimate,
        )  # fmt: skip
    line = summarise(results, wanted, folder="markets/x", files=())
    assert (line.first, line.kept_up) == (effects.first_period.estimate, effects.kept_up.estimate)


def drifting() -> MarketResults:
    """A market from which every check that decides takes what it can."""
    failed = [Check(id=row.check, status="fail", value=9.0, threshold=1.0, detail="P1") for row in TABLE]
    results = replace(market_results(), checks=tuple(failed), withheld=decisions(failed))
    return withhold(replace(results, verdict=Verdict(code="unclear", reasons=("failed-stationarity",))))


@pytest.mark.parametrize("locale", ["en_IN", "de_DE"])
@pytest.mark.parametrize("case", ["usual", "weekly", "open", "singular", "not-estimable", "drifting", "channels"])
def test_no_output_uses_another_name(case, locale):
    results = {
        "usual": market_results,
        "weekly": lambda: market_results(period="week", periods=60, response="log"),
        "open": lambda: market_results(effect=0.01),
        "singular": lambda: market_results(status="singular"),
        "not-estimable": lambda: market_results(status="not-estimable"),
        "drifting": drifting,
        "channels": lambda: channel_results(("visits", "mail", "tv"), clear=1),
    }[case]()
    wanted = settings(report={"locale": locale, "promotion_unit": "visit", "currency": "INR"})
    report = build_report(results, wanted)
    words = site_words(Language(locale))
    line = summarise(results, wanted, folder="markets/x", files=("report.html",))
    overview = build_overview([line], wanted, as_of="2024-01-31", across=summarise_markets([results]))
    sheets = build_workbook(results, wanted).sheets
    pages = market_files(report, words)
    outputs = {
        "html": text_of(render_report(report)),
        "workbook": " ".join(str(value) for sheet in sheets for row in sheet.rows for value in row),
        "headings": " ".join(column.heading for sheet in sheets for column in sheet.columns),
        "overview": repr(overview),
        "quarto": " ".join(body.decode("utf-8", "ignore") for name, body in pages.items() if name.endswith(".qmd")),
    }
    for name, text in outputs.items():
        found = OLD.search(text)
        assert found is None, f"{name}: …{text[max(0, found.start() - 60) : found.end() + 40]}…"


def test_paper_says_the_same_as_the_page():
    results = market_results()
    report, numbers = (
        build_report(results, settings(report={"promotion_unit": "visit", "currency": "INR"})),
        written(market_results()),
    )
    named = (("first", "First month"), ("kept_up", "Kept up"))
    for made, names in ((report_pdf(report), named), (brief_pdf(report), named[1:])):
        text = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages).split())
        assert OLD.search(text) is None
        for name, label in names:
            assert re.search(rf"{label}.{{0,80}}{re.escape(' '.join(numbers[name].split()))}", text)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_every_channel_is_told_by_its_name(count):
    names = tuple(f"channel {chr(65 + k)}" for k in range(count))
    results = channel_results(names, clear=count - 1) if count > 1 else market_results()
    wanted = settings(report={"promotion_unit": "visit", "currency": "INR"})
    report = build_report(results, wanted)
    if count == 1:
        assert report.summary.channels is None
        return
    table = report.summary.channels
    assert [row.cells[0].text for row in table.rows] == list(names)
    assert [row.cells[1].text for row in table.rows] == ["Unclear"] * (count - 1) + ["Works"]
    assert report.summary.verdict.sentence.startswith(f"Works: {names[-1]}. Unclear: {names[0]}")
    assert f"One more unit of {names[-1]} a month, kept up" in report.summary.verdict.sentence
    assert [figure.label for figure in report.summary.key_figures] == [
        "Sales that go with all channels",
        "Profit of promotion",
    ]
    page = text_of(render_report(report))
    charts = [block.title for section in report.sections for block in section.blocks if block.kind == "figure"]
    for name in names:
        assert sum(title.startswith(f"{name}: ") for title in charts) >= 2
        assert name in page
    sheet = {row[0]: row[1:] for row in build_workbook(results, wanted).sheets[0].rows}
    assert all(f"Verdict: {name}" in sheet for name in names)
    told = headline(results)
    assert [one.channel for one in told.channels] == list(names)
    formats = Formats(locale="en_IN", currency="INR")
    assert _effect(formats, told.channels[0])[0] == ""
    assert _effect(formats, told.channels[-1])[0] == written(market_results())["kept_up"]
