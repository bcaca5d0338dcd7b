"""Experiments in reportgen.toml: read with their places, and refused with file, line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.batch.state.fingerprint import calibrated, fingerprint
from reportgen.errors import ConfigError
from reportgen.settings.calibration import refuse_unknown
from reportgen.settings.read import list_settings, load_settings, settings_schema
from reportgen.settings.sections import Settings

GOOD = '[[calibration]]\nmarket = "PL-01"\neffect = 380\nse = 60\nperiod = ["2023-01", "2023-06"]\n'


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "reportgen.toml"
    path.write_text(text, "utf-8")
    return load_settings(path).settings


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    assert caught.value.exit_code == 3
    return caught.value.message.splitlines()


def test_each_block_is_an_experiment_with_its_place(tmp_path: Path) -> None:
    other = GOOD.replace("PL-01", "DE").replace("380", "-1.5")
    one, two = loaded(tmp_path, f"[run]\njobs = 2\n\n{GOOD}{other}measures = 'first-month'\n").calibration
    assert (one.market, one.effect, one.se, one.period) == ("PL-01", 380.0, 60.0, ("2023-01", "2023-06"))
    assert (one.measures, two.measures, two.effect) == ("kept-up", "first-month", -1.5)
    assert (one.place, two.place) == ("reportgen.toml, line 4", "reportgen.toml, line 9")


def test_keys_before_and_after_the_blocks_keep_their_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, f"[panel]\nperiod = 'day'\n{GOOD}\n[run]\njobs = -1\n")
    assert [line.partition(":")[0] for line in said] == ["reportgen.toml, line 2", "reportgen.toml, line 10"]


def test_one_period_is_enough_and_a_week_is_its_monday(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD.replace('["2023-01", "2023-06"]', '"2023-02"')).calibration[0].period == (
        "2023-02",
        "2023-02",
    )
    weekly = '[panel]\nperiod = "week"\n' + GOOD.replace('["2023-01", "2023-06"]', '["2023-01-04", "2023-02-05"]')
    assert loaded(tmp_path, weekly).calibration[0].period == ("2023-01-02", "2023-01-30")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("se = 60", "se = 0", 4, "calibration.se = 0: write a number above 0"),
        ("se = 60\n", "", 1, "calibration.se is missing"),
        ("se = 60", "measure = 'x'\nse = 1", 4, "calibration.measure is not a setting. Did you mean measures?"),
        ("effect = 380", "effect = 'much'", 3, 'calibration.effect = "much": write a number'),
        ("2023-06", "June", 5, "write months as 2023-01"),
        ("2023-06", "2022-06", 5, "it ends before it begins"),
        ("se = 60", "se = 60\nmeasures = 'lift'", 5, 'write "kept-up", "first-month" or "incremental"'),
        (
            "se = 60",
            "se = 60\nchannel = 'promotoin'",
            5,
            "promotoin is not among panel.promotion. Did you mean promotion?",
        ),
    ],
)
def test_a_problem_has_its_line_and_what_to_write(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    (said,) = refused(tmp_path, GOOD.replace(old, new))
    assert said.startswith(f"reportgen.toml, line {line}: ")
    assert words in said


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    assert "double brackets" in refused(tmp_path, GOOD.replace("[[calibration]]", "[calibration]"))[0]
    assert "two experiments of the same measure" in refused(tmp_path, GOOD + GOOD)[0]
    channels = "[panel]\npromotion = ['calls', 'samples']\n"
    assert "say which of calls, samples" in refused(tmp_path, channels + GOOD)[0]
    assert loaded(tmp_path, f"{channels}{GOOD}channel = 'calls'").calibration[0].channel == "calls"
    assert loaded(tmp_path, f"{channels}{GOOD}measures = 'incremental'").calibration[0].channel == ""
    assert "all channels together" in refused(tmp_path, f"{channels}{GOOD}channel='calls'\nmeasures='incremental'")[0]


def test_a_market_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOD)
    refuse_unknown(settings, ["PL-01", "DE"])
    with pytest.raises(ConfigError, match=r"line 1: calibration.market = PL-01.*Did you mean PL-10\?"):
        refuse_unknown(settings, ["PL-10", "DE"])


def test_only_the_market_of_an_experiment_is_built_again(tmp_path: Path) -> None:
    with_one, without = loaded(tmp_path, GOOD), Settings()
    stamp = fingerprint(without, tmp_path)
    assert fingerprint(with_one, tmp_path) == stamp
    assert calibrated(stamp, with_one, "DE") == stamp
    assert calibrated(stamp, with_one, "PL-01") != stamp
    assert calibrated(stamp, without, "PL-01") == stamp


def test_settings_are_shown_and_told_to_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_text(GOOD, "utf-8")
    row = list_settings(load_settings(path))[-1]
    assert (row.setting, row.place, row.value["effect"]) == ("calibration.PL-01", "reportgen.toml, line 1", 380.0)
    assert settings_schema()["properties"]["calibration"]["type"] == "array"
