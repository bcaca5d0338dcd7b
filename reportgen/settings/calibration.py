"""The experiments of reportgen.toml: ``[[calibration]]`` once for each, every problem with its line.

What its keys are is ``sections.py``'s. Whether the table has such a market is known only when it is read: then
:func:`refuse_unknown` is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from reportgen.errors import ConfigError
from reportgen.settings.messages import at_line, did_you_mean, refusal
from reportgen.settings.sections import CalibrationSettings, PanelSettings, Period, Settings

NAME = "calibration"
_WRITTEN: dict[Period, tuple[str, str]] = {
    "month": (r"\d{4}-(0[1-9]|1[0-2])", "months as 2023-01"),
    "quarter": (r"\d{4}-Q[1-4]", "quarters as 2023-Q1"),
    "week": (r"\d{4}-\d{2}-\d{2}", "weeks by one of their days, as 2023-01-02"),
}


def read_calibration(
    content: Any, panel: PanelSettings | None, file: str, lines: Mapping[str, int]
) -> tuple[tuple[CalibrationSettings, ...], list[str]]:
    """Experiments of a settings file that was read as TOML, and every problem with them.

    Parameters
    ----------
    panel
        None where the other settings are wrong: what hangs on them is then not looked at.
    lines
        Line of each block, ``calibration[0]``, and key, ``calibration[0].se``.
    """
    if content is None:
        return (), []
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        where = at_line(file, lines.get(NAME, 0))
        return (), [f"{where}: write [[{NAME}]], in double brackets, once for each experiment."]
    found: list[CalibrationSettings] = []
    problems: list[str] = []
    for number, table in enumerate(content):
        block = f"{NAME}[{number}]"

        def place(key: str = "", block: str = block) -> str:
            return at_line(file, lines.get(f"{block}.{key}", 0) or lines.get(block, 0))

        wrong = _unfit(table, place)
        if not wrong and panel is not None:
            one = CalibrationSettings.model_validate(table)
            wrong = [f"{place(key)}: {said}" for key, said in _at_odds(one, found, panel)]
            if not wrong:
                first, last = (_label(text, panel.period) for text in (one.period[0], one.period[-1]))
                found.append(one.at(place(), (first, last)))
        problems += wrong
    return tuple(found), problems


def _unfit(table: Mapping[str, Any], place: Any) -> list[str]:
    """What is wrong with one block in itself."""
    known = CalibrationSettings.model_fields
    problems = [
        f"{place(key)}: {NAME}.{key} is not a setting.{did_you_mean(key, known)}" for key in table if key not in known
    ]
    try:
        CalibrationSettings.model_validate({key: value for key, value in table.items() if key in known})
    except ValidationError as error:
        for entry in error.errors():
            key = str(entry["loc"][0])
            own = str(entry["ctx"]["error"]) if entry["type"] == "value_error" else ""
            if entry["type"] == "missing":
                problems.append(f"{place()}: {NAME}.{key} is missing: {known[key].description}")
            else:
                problems.append(f"{place(key)}: {refusal(f'{NAME}.{key}', known[key], table.get(key), own)}")
    return list(dict.fromkeys(problems))


def _at_odds(
    one: CalibrationSettings, before: list[CalibrationSettings], panel: PanelSettings
) -> list[tuple[str, str]]:
    """Key and sentence of what does not go with the panel or with another experiment."""
    pattern, words = _WRITTEN[panel.period]
    problems = []
    ends = (one.period[0], one.period[-1])
    labels = [_label(text, panel.period) for text in ends if re.fullmatch(pattern, text)]
    if len(labels) < len(ends) or "" in labels:
        problems.append(("period", f"{NAME}.period: panel.period is {panel.period}, so write {words}."))
    elif labels[0] > labels[1]:
        problems.append(("period", f"{NAME}.period: it ends before it begins; write the first period first."))
    if one.measures == "incremental" and one.channel:
        problems.append(("channel", f"{NAME}.channel: incremental counts all channels together; leave it out."))
    elif one.channel and one.channel not in panel.promotion:
        near = did_you_mean(one.channel, panel.promotion)
        problems.append(("channel", f"{NAME}.channel: {one.channel} is not among panel.promotion.{near}"))
    elif len(panel.promotion) > 1 and not one.channel and one.measures != "incremental":
        problems.append(
            ("channel", f"{NAME}.channel is missing: say which of {', '.join(panel.promotion)} it is about.")
        )
    if any((old.market, old.measures, old.channel) == (one.market, one.measures, one.channel) for old in before):
        said = (
            f"{NAME}: {one.market} has two experiments of the same measure; combine them, each with the weight 1/se²."
        )
        problems.append(("market", said))
    return problems


def _label(text: str, period: Period) -> str:
    """A period as the panel writes it, a week by its Monday; empty where there is no such day."""
    if period != "week":
        return text
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return (day - timedelta(days=day.weekday())).isoformat()


def refuse_unknown(settings: Settings, markets: Collection[str]) -> None:
    """Refuse experiments in markets that the table does not have.

    Raises
    ------
    ConfigError
        Names the line of each and the nearest code there is.
    """
    problems = [
        f"{one.place or NAME}: {NAME}.market = {one.market}: no market of the table has this code."
        f"{did_you_mean(one.market, markets)}"
        for one in settings.calibration
        if one.market not in markets
    ]
    if problems:
        raise ConfigError("\n".join(problems), code="unknown-market")
