"""Every bad input is refused in words, or contained, or read with the warnings it deserves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bad_inputs import CASES, OTHERS, BadInput, clean_table, save
from panel_tables import AS_OF, codes
from reportgen.errors import InputError
from reportgen.model.analysis import analyse_market
from reportgen.panel.checking.contract import MarketPanel, Panel, check_panel, validate_panel
from reportgen.panel.reading.read import read_table
from reportgen.results import Provenance
from reportgen.settings.sections import ModelSettings, PanelSettings, RunSettings, Settings

PROVENANCE = Provenance(
    package="0", versions=(), source="", data_hash="", settings_hash="", settings=(), seed=1, as_of=AS_OF
)


def settings_of(case: BadInput, source: str, **panel: object) -> Settings:
    return Settings(
        panel=PanelSettings.model_validate({"source": source, **case.panel, **panel}),
        model=ModelSettings.model_validate(case.model),
        run=RunSettings(as_of=AS_OF),
    )


def load(case: BadInput, folder: Path, source: str, **panel: object) -> Panel:
    settings = settings_of(case, source, **panel)
    return validate_panel(read_table(settings.panel, folder), settings)


STATUS: dict[tuple[str, str], str] = {}


def analysed(market: MarketPanel, settings: Settings) -> str:
    """Status of the analysis; many cases are the same data in other clothes, and those are analysed once."""
    key = (market.data_hash, settings.model.response)
    if key not in STATUS:
        results = analyse_market(market, settings, PROVENANCE)
        assert results.status in {"ok", "singular"} or results.reasons
        STATUS[key] = results.status
    return STATUS[key]


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("clean")
    panel = load(CASES[0], folder, save(clean_table(), folder))
    return {code: market.data_hash for code, market in panel.markets.items()}


def test_the_corpus_is_complete(tried: Callable[..., None]) -> None:
    tried()
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda c: c.name)
def test_refused_with_one_clear_message(case: BadInput, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(case.name)
    source = case.make(tmp_path)
    with pytest.raises(InputError) as caught:
        load(case, tmp_path, source)
    assert (caught.value.code, caught.value.exit_code) == (case.refused, 4)
    first = caught.value.message.splitlines()[0]
    assert first.startswith(f"{source}: ")
    assert first.endswith((".", "?"))
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("case", [c for c in CASES if c.contained], ids=lambda c: c.name)
def test_contained_without_touching_the_others(
    case: BadInput, tmp_path: Path, clean: dict[str, str], tried: Callable[..., None]
) -> None:
    tried(case.name)
    panel = load(case, tmp_path, case.make(tmp_path), bad_markets="contain")
    for market in OTHERS:
        assert panel.markets[market].data_hash == clean[market]
    if case.refused != "empty-market":
        assert list(panel.refused) == ["BAD"]
        assert panel.refused["BAD"][0].code == case.refused


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda c: c.name)
def test_read_with_the_warnings_it_deserves(case: BadInput, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(case.name)
    source = case.make(tmp_path)
    settings = settings_of(case, source)
    raw = read_table(settings.panel, tmp_path)
    assert case.found <= codes(check_panel(raw, settings))
    panel = validate_panel(raw, settings)
    assert panel.markets
    if case.status is not None:
        status = analysed(panel.markets["BAD"], settings)
        assert status in case.status


def test_a_grouped_decimal_is_read_where_nothing_contradicts_it(tmp_path: Path) -> None:
    (case,) = (c for c in CASES if c.name == "1.234,50 among whole numbers")
    panel = load(case, tmp_path, case.make(tmp_path))
    assert panel.markets["BAD"].sales.min() == 1234.5


def test_bad_market_is_whole_again_once_the_cause_is_gone(tmp_path: Path, clean: dict[str, str]) -> None:
    (case,) = (c for c in CASES if c.name == "negative sales")
    source = case.make(tmp_path)
    assert "BAD" not in load(case, tmp_path, source, bad_markets="contain").markets
    save(clean_table(), tmp_path)
    assert {m: p.data_hash for m, p in load(case, tmp_path, source).markets.items()} == clean
