"""Formulas: what they say, what they refuse and name instead, and that they agree with the other settings."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reportgen.errors import ConfigError
from reportgen.settings.formula import FormulaError, Piece, read_formula, read_random
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings

DECK = "Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales"


def loaded(folder: Path, text: str) -> Settings:
    (folder / "reportgen.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "reportgen.toml").settings


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return str(caught.value)


def test_the_deck_s_formula_is_the_default_model(tmp_path: Path) -> None:
    found = loaded(tmp_path, f'[model]\nformula = "{DECK}"\nre_formula = "~ Adstock_Promotion"\n')
    plain = Settings()
    assert found.model.model_copy(update={"formula": "", "re_formula": ""}) == plain.model
    assert found.panel == plain.panel


def test_terms_become_settings_and_columns() -> None:
    found = read_formula(
        "log(Sales) ~ Adstock_Calls + Adstock_Mail:size_class + Adstock_Mail + Lag12_Sales + Season + Trend + price "
        "+ log(`shelf price`) + I(price**2) + poly(price, 3) + spline(income, 4) + price:log(income) + price*Trend"
    )
    assert (found.response, found.channels, found.lags) == ("log", ("Calls", "Mail"), (12,))
    assert (found.time, found.moderators) == ("season+trend", ("size_class",))
    assert found.controls[1:4] == (
        (Piece(column="shelf price", function="log"),),
        (Piece(column="price", function="power", number=2),),
        (Piece(column="price", function="poly", number=3),),
    )
    assert found.columns == ("price", "shelf price", "income")


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ("Season", "season"), ("Trend", "trend"), ("Season + Trend", "season+trend"), ("C(Period)", "periods"),
        ("C(Period):C(Territory)", "territory-periods"), ("Season_Cos1 + Season_Sin1 + Trend", "season+trend"),
    ],
)  # fmt: skip
def test_time_is_read_as_the_report_prints_it(terms: str, kind: str) -> None:
    assert read_formula(f"{DECK} + {terms}").time == kind


def test_names_in_any_script_are_columns() -> None:
    assert read_formula(f"{DECK} + मूल्य + log(कीमत)").columns == ("मूल्य", "कीमत")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("revenue ~ Adstock_Promotion", "write Sales, or Log_Sales"),
        ("Sales ~ Adstok_Promotion", "Did you mean Adstock_Promotion?"),
        ("Sales ~ Lag1_Sales", "it has no promotion"),
        (f"{DECK} + Lag1Sales", "Did you mean Lag1_Sales?"),
        (f"{DECK} + Lag99_Sales", "lags go from 1 to 24"),
        (f"{DECK} + logg(price)", "Did you mean log?"),
        (f"{DECK} + exp(price)", "which are log, power, poly, spline"),
        (f"{DECK} + poly(price, 9)", "a number from 2 to 5"),
        (f"{DECK} + spline(price)", "spline(price, 4)"),
        (f"{DECK} + log(Adstock_Promotion)", "model.shape"),
        (f"{DECK} + a:b:c", "an interaction is one of two"),
        (f"{DECK} + Lag1_Sales:price", "only promotion and columns of the table interact"),
        (f"{DECK} + (a + b)", "brackets stand behind a function only"),
        (f"{DECK} - 1", "- has no meaning"),
        (f"{DECK} + 0", "the intercept stays"),
        (f"{DECK} +", "a term is missing"),
        (f"{DECK} ~ a", "write one ~"),
        (f"{DECK} + Period + Season", "takes the place of"),
        (f"{DECK} + Sales", "stands left of ~"),
        (DECK + "".join(f" + c{k}" for k in range(9)), "at most 8"),
        ("Sales ~ " + "a + " * 400 + "b", "at most"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_may_stand_there(formula: str, said: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read_formula(formula)
    assert said in str(caught.value)


def test_what_differs_between_pharmacies() -> None:
    assert read_random("~ 1") == ((), False)
    assert read_random("~ Adstock_Promotion + Trend") == (("Promotion",), True)
    with pytest.raises(FormulaError, match="only Adstock_Promotion"):
        read_random("~ price")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[model]\nformula = "{DECK}"\nlags = [1, 2, 3]', ("says 1, 2,", "model.lags says 1, 2, 3", "line 3")),
        (f'[model]\nformula = "{DECK}"\nresponse = "log"', ("says level", "model.response says log")),
        (f'[model]\nformula = "{DECK}"\nlags = "auto"', ("model.formula", "model.lags says auto")),
        (f'[model]\nformula = "{DECK} + Trend"\ntime = "periods"', ("says trend", "model.time says periods")),
        (f'[panel]\ncontrols = "price"\n[model]\nformula = "{DECK}"', ("no controls", "panel.controls says price")),
        (f'[panel]\npromotion = ["a", "b"]\n[model]\nformula = "{DECK}"', ("Adstock_Promotion", "panel.promotion")),
        ('[panel]\npromotion = ["a", "b"]\n[model]\nformula = "Sales ~ Adstock_A"', ("panel.promotion has b",)),
        (f'[model]\ncorrection = "none"\nformula = "{DECK} + Initial_Sales"', ("model.correction",)),
        ('[model]\nre_formula = "~ 1"\nrandom_slope = true', ("model.re_formula says false", "model.random_slope")),
        (f'[model]\nformula = "{DECK} + C(Period):C(Territory)"', ("C(Territory)", "panel.territory")),
        (f'[model]\nformula = "{DECK} + Promotion"', ("Promotion is sales or promotion",)),
    ],
)
def test_a_conflict_names_both_settings(tmp_path: Path, text: str, said: tuple[str, ...]) -> None:
    found = refusal(tmp_path, text)
    assert all(part in found for part in said), found


def test_what_is_said_twice_and_the_same_is_fine(tmp_path: Path) -> None:
    text = f'[panel]\ncontrols = ["price"]\n[model]\nlags = [2, 1]\nformula = "{DECK} + Price"\n'
    assert loaded(tmp_path, text).panel.controls == ("price",)


def test_a_setting_that_a_formula_decides_is_shown_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text('[model]\nformula = "Sales ~ Adstock_Promotion"\n', encoding="utf-8")
    found = load_settings(tmp_path / "reportgen.toml")
    assert found.settings.model.lags == ()
    assert (found.origins["model.lags"], found.places["model.lags"]) == ("file", "reportgen.toml, line 2")


@pytest.mark.attacks
@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').system('touch pwned')", "I(exec('x'))", "(lambda: 1)()", "open(`/etc/passwd`)", "eval(price)",
        "price.__class__", "Q('x')", "{{7*7}}", "@f", "a; b", "$(touch pwned)", "a[0]", "log(log(price))", "a**9**9**9",
        "((((((((a", "a*b*c*d*e*f*g*h", "I(a**99999999)", "\x00", "price\\n", "`a`b", "C(open)", "getattr(a, 1)",
    ],
)  # fmt: skip
def test_code_is_refused_and_never_run(code: str, tmp_path: Path, tried) -> None:
    tried(code)
    begun = time.process_time()
    with pytest.raises(FormulaError):
        read_formula(f"{DECK} + {code}")
    assert time.process_time() - begun < 0.2
    assert not list(tmp_path.iterdir())
