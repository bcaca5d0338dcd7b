from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ConfigError
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nlag = [1]", "reportgen.toml: model.lag is not a setting. Did you mean model.lags?"),
        ("[panel]\nlocale = 'de'", "reportgen.toml: panel.locale is not a setting. Did you mean report.locale?"),
        ("[modle]\nlags = [1]", "reportgen.toml: [modle] is not a section. Did you mean model?"),
        ("[zzz]", "reportgen.toml: [zzz] is not a section."),
        ("model = 3", "reportgen.toml: model is a section: write [model] on a line of its own."),
        ("[model]\nlags = [0]", "reportgen.toml: model.lags = [0]: input should be greater than or equal to 1."),
        ("[model]\nresponse = 'cube'", "reportgen.toml: model.response = \"cube\": input should be 'level' or 'log'."),
        ("[run\n", "reportgen.toml: not valid TOML"),
    ],
)
def test_messages_name_file_key_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text))
    assert caught.value.message.startswith(message)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "[model]\nlag = [1]\n[run]\njob = 2\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides={"run.outt": "x"}, environ={"REPORTGEN_RUN_JOBZ": "1"})
    assert len(caught.value.message.splitlines()) == 4


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
    path = write(tmp_path, "[brand]\nlogo = 'art/logo.png'\n")
    monkeypatch.chdir("/")
    assert load_settings(path).settings.brand.logo == str(tmp_path / "art" / "logo.png")
    absolute = write(tmp_path, "[brand]\nlogo = '/elsewhere/logo.png'\n")
    assert load_settings(absolute).settings.brand.logo == "/elsewhere/logo.png"


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
