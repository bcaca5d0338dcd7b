"""Settings: what they accept, what they refuse, and that they can be told to an editor."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from reportgen.errors import ConfigError
from reportgen.settings.read import load_settings, settings_schema
from reportgen.settings.sections import CalibrationSettings, Settings, sections


def made(**sections: dict[str, object]) -> Settings:
    return Settings.model_validate(sections)


def test_settings_are_immutable_hashable_and_equal_by_value() -> None:
    assert hash(made(run={"jobs": 2})) == hash(made(run={"jobs": 2}))
    assert made(run={"jobs": 2}) != Settings()
    with pytest.raises(ValidationError):
        Settings().run.jobs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("section", "values", "key", "expected"),
    [
        ("panel", {"promotion": "calls"}, "promotion", ("calls",)),
        ("panel", {"promotion": ["calls", "samples"]}, "promotion", ("calls", "samples")),
        ("panel", {"controls": "price"}, "controls", ("price",)),
        ("panel", {"controls": ""}, "controls", ()),
        ("panel", {"cost": ""}, "cost", None),
        ("panel", {"cost": 250}, "cost", 250),
        ("panel", {"cost": "unit_cost"}, "cost", "unit_cost"),
        ("report", {"formats": "html"}, "formats", ("html",)),
        ("run", {"as_of": "20240131"}, "as_of", "2024-01-31"),
    ],
)
def test_convenient_ways_of_writing(section: str, values: dict[str, object], key: str, expected: object) -> None:
    assert getattr(getattr(made(**{section: values}), section), key) == expected


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("panel", {"promotion": list("abcdefghi")}, "at most 8"),
        ("panel", {"promotion": []}, "at least 1"),
        ("panel", {"promotion": ["calls", "calls"]}, "calls is named more than once"),
        ("panel", {"controls": ["sales"]}, "sales is named more than once"),
        ("panel", {"source": ""}, "at least 1 character"),
        ("panel", {"period": "day"}, "'month', 'week' or 'quarter'"),
        ("panel", {"margin": 1.5}, "less than or equal to 1"),
        ("model", {"lags": [1, 1]}, "1 is named more than once"),
        ("model", {"lags": [0]}, "greater than or equal to 1"),
        ("adstock", {"decay": 1}, "less than 1"),
        ("report", {"currency": "rupees"}, "this currency is not known"),
        ("run", {"as_of": "31/01/2024"}, "write YYYY-MM-DD"),
        ("run", {"jobs": -1}, "greater than or equal to 0"),
    ],
)
def test_refusals_say_why(section: str, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        made(**{section: values})


def test_a_problem_of_several_keys_names_the_section(tmp_path: Path) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_text("[panel]\nsales = 'x'\ncontrols = ['x']\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.exit_code == 3
    assert caught.value.message.splitlines() == [
        "reportgen.toml, line 1: [panel]: x is named more than once.",
    ]


def test_a_database_password_in_the_environment_is_no_setting(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "none.toml", environ={"REPORTGEN_DB_PASSWORD": "canary"})
    assert "canary" not in repr(loaded)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("[panel]\npromotion = 'calls'", True),
        ("[panel]\npromotion = ['calls', 'samples']\n[model]\nlags = [1]", True),
        ("[report]\nformats = ['html', 'pdf']\n[adstock]\ndecay = 0.5", True),
        ("[report]\nformats = ['docx']", False),
        ("[panel]\npromotions = 'calls'", False),
        ("[adstock]\ndecay = 'guess'", False),
        ("[modle]\n", False),
    ],
)
def test_schema_accepts_what_loads_and_nothing_else(tmp_path: Path, text: str, valid: bool) -> None:
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text)) == valid
    path = tmp_path / "reportgen.toml"
    path.write_text(text)
    if valid:
        load_settings(path)
    else:
        with pytest.raises(ConfigError):
            load_settings(path)


def test_every_key_is_documented() -> None:
    for section in (*sections().values(), CalibrationSettings):
        for key, field in section.model_fields.items():
            assert field.description, key
            assert field.description.endswith("."), key
