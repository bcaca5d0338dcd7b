from __future__ import annotations

import re
from pathlib import Path

import pytest

from reportgen.errors import ConfigError
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings, sections
from reportgen.settings.write import settings_text


def write(folder: Path, text: str) -> Path:
    path = folder / "reportgen.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "reportgen.toml")
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[run]\njobs = 1\nseed = 1\nout = 'file'\n")
    environ = {"REPORTGEN_RUN_JOBS": "2", "REPORTGEN_RUN_SEED": "2", "PATH": "x"}
    loaded = load_settings(path, overrides={"run.jobs": 3}, environ=environ)
    assert (loaded.settings.run.jobs, loaded.settings.run.seed, loaded.settings.run.out) == (3, 2, "file")
    assert [loaded.origins[f"run.{key}"] for key in ("jobs", "seed", "out", "as_of")] == [
        "command line",
        "environment",
        "file",
        "default",
    ]


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("calls,samples", "panel.promotion", ("calls", "samples")),
        ("calls", "panel.promotion", ("calls",)),
        ("html, pdf", "report.formats", ("html", "pdf")),
        ("[1, 3]", "model.lags", (1, 3)),
        ("auto", "model.lags", "auto"),
        ("1, 12", "model.lags", (1, 12)),
        ("0.5", "adstock.decay", 0.5),
        ("estimate", "adstock.decay", "estimate"),
        ("false", "model.random_slope", False),
        ("2024", "report.title", "2024"),
        ("100", "panel.cost", 100),
        ("unit_cost", "panel.cost", "unit_cost"),
    ],
)
def test_text_is_read_as_the_type_of_its_key(tmp_path: Path, text: str, key: str, expected: object) -> None:
    settings = load_settings(tmp_path / "none", overrides={key: text}).settings
    section, _, name = key.partition(".")
    assert getattr(getattr(settings, section), name) == expected


REFUSALS = {
    "[model]\nlag = [1]": "line 2: model.lag is not a setting. Did you mean model.lags?",
    "[panel]\nlocale = 'de'": "line 2: panel.locale is not a setting. Did you mean report.locale?",
    "[modle]\nlags = [1]": "line 1: [modle] is not a section. Did you mean model?",
    "[zzz]": "line 1: [zzz] is not a section.",
    "[model]\nlags = [0]": 'line 2: model.lags = [0]: write "auto" or a list of at most 12, each a whole',
    "[model]\nresponse = 'cube'": 'line 2: model.response = "cube": write "level", "relative", "log" or "auto"; for ',
    "[adstock]\ndecay = 1.5": 'line 2: adstock.decay = 1.5: write "estimate" or a number not below 0 and below 1; for ',
    "[panel]\nmargin = 30": "line 2: panel.margin = 30: write a number above 0 and not above 1; for example margin =",
    "[model]\nrandom_slope = 'maybe'": 'line 2: model.random_slope = "maybe": write true or false; for example ',
    "[report]\ncurrency = 'Rs'": 'line 2: report.currency = "Rs": this currency is not known; write its code of three ',
    "[report]\ncurrency = 'eur'": 'line 2: report.currency = "eur": this currency is not known; write its code of th',
    "[report]\nlocale = 'de-DE'": 'line 2: report.locale = "de-DE": this locale is not known; write language and cou',
    "[report]\nlocale = 'xx_YY'": 'line 2: report.locale = "xx_YY": this locale is not known; write language and cou',
    "[report]\nlocales = {'DE-*' = 'german'}": "line 2: report.locales = ",
    "[report]\nlocales = 7": "line 2: report.locales = 7: write a table, e.g. {",
    "[mail]\nto = 7": "line 2: mail.to = 7: write an address, a list of them, or a table, e.g. {",
    "[brand]\naccent = 'red'": 'line 2: brand.accent = "red": write a colour as # and six digits of 0-9 and a-f, e.g',
    "[brand]\naccent = '#ffff00'": 'line 2: brand.accent = "#ffff00": its contrast on white is 1.1, under 4.5; use a',
    "[brand]\nlogo = 'no.png'": 'line 2: brand.logo = "no.png": there is no file no.png.',
    "[report]\ntitle = My report": "line 2: not valid TOML: title = My report. Sections stand in brackets, texts in",
    "[panel]\n\nmonth = 'sales'": "line 1: [panel]: sales is named more than once.",
    "[run\n": "line 1: not valid TOML: [run. ",
}
"""Settings file → how the message begins after the name of the file."""


@pytest.mark.parametrize("text", REFUSALS)
def test_messages_name_file_line_key_and_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text))
    assert caught.value.message.startswith(f"reportgen.toml, {REFUSALS[text]}")


def test_a_section_without_its_brackets_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model is a section: write \[model\] on a line of its own"):
        load_settings(write(tmp_path, "model = 3"))


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "[model]\nlag = [1]\n[run]\njob = 2\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides={"run.outt": "x"}, environ={"REPORTGEN_RUN_JOBZ": "1"})
    assert len(caught.value.message.splitlines()) == 4
    path = write(tmp_path, "[report]\ncurrency = 'Rs'\nlocale = 'xx'\n[brand]\nlogo = 'no.svg'\naccent = 'red'\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides={"adstock.decay": "2"}, environ={"REPORTGEN_RUN_JOBS": "many"})
    said = caught.value.message.splitlines()
    assert len(said) == 6
    assert said[-1].startswith("reportgen.toml, line 5: brand.logo")
    assert any(line.startswith("REPORTGEN_RUN_JOBS: run.jobs = ") for line in said)
    assert any(line.startswith("command line: adstock.decay = 2: write ") for line in said)


NOT_PLAIN = re.compile(r"pattern|regex|\^\[|\\[dw]|[Ii]nput|\b(str|int|float|bool|tuple|dict|None)\b|NoneType|error")


@pytest.mark.parametrize("value", ["'?'", "-1e9", "true", "[[1]]", "{a = 1}", "1979-05-27"])
def test_no_message_speaks_python_and_each_tells_what_to_write(tmp_path: Path, value: str) -> None:
    told = 0
    for section, model in sections().items():
        for key in model.model_fields:
            path = write(tmp_path, f"[{section}]\n{key} = {value}\n")
            try:
                load_settings(path)
            except ConfigError as error:
                told += 1
                said = error.message
                assert said.startswith(f"reportgen.toml, line 2: {section}.{key} = "), said
                rule = said.removeprefix(f"reportgen.toml, line 2: {section}.{key} = ").partition(": ")[2]
                assert not NOT_PLAIN.search(rule.partition("; for example")[0]), said
                assert "\n" not in said
    assert told > 5


def test_a_file_that_is_no_text_is_a_settings_error(tmp_path: Path) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(path)
    with pytest.raises(ConfigError, match="Is a directory"):
        load_settings(tmp_path)


def test_the_file_that_init_writes_is_the_defaults(tmp_path: Path) -> None:
    text = settings_text({})
    assert load_settings(write(tmp_path, text)).settings == Settings()


def test_the_file_that_init_writes_is_valid_with_every_key_switched_on(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line and not line.endswith(".") else line
        for line in settings_text({}).splitlines()
        if not line.startswith(("# margin", "# Precedence"))
    ]
    assert load_settings(write(tmp_path, "\n".join(lines))).settings.model_dump(
        exclude={"panel"}
    ) == Settings().model_dump(exclude={"panel"})


def test_locales_of_markets_are_a_table_in_the_file_and_pairs_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_text('[report]\nlocales = {"DE-*" = "de_DE", "*" = "en_US"}\n', "utf-8")
    pairs = (("DE-*", "de_DE"), ("*", "en_US"))
    assert load_settings(path).settings.report.locales == pairs
    environ = {"REPORTGEN_REPORT_LOCALES": "DE-*=de_DE,*=en_US"}
    assert load_settings(tmp_path / "none.toml", environ=environ).settings.report.locales == pairs


@pytest.mark.parametrize("written", ["DE-*=German!", "DE-*"])
def test_a_locale_of_a_market_must_be_one(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match=r"report\.locales"):
        load_settings(tmp_path / "none.toml", overrides={"report.locales": written})


def test_the_logo_is_found_from_any_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    path = write(tmp_path, "[brand]\nlogo = 'art/logo.png'\n")
    monkeypatch.chdir("/")
    assert load_settings(path).settings.brand.logo == str(tmp_path / "art" / "logo.png")
    absolute = write(tmp_path, f"[brand]\nlogo = '{tmp_path}/art/logo.png'\n")
    assert load_settings(absolute).settings.brand.logo == f"{tmp_path}/art/logo.png"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_settings_as_editors_of_windows_save_them(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_bytes('[report]\ntitle = "Wirkung ₹"\n'.replace("\n", "\r\n").encode(encoding))
    loaded = load_settings(path, environ={})
    assert loaded.settings.report.title == "Wirkung ₹"
    assert loaded.places["report.title"] == "reportgen.toml, line 2"


@pytest.mark.parametrize("option", ["password", "sslpassword", "PWD", "access_token", "api-key", "ssl_key_passphrase"])
def test_a_secret_among_the_options_of_an_address_is_never_shown(option: str) -> None:
    from reportgen.settings.read import _without_password

    shown = _without_password(f"mysql://user@host/db?charset=utf8&{option}=canary&x=1")
    assert "canary" not in shown
    assert "charset=utf8" in shown
    assert "x=1" in shown
