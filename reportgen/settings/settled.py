"""What ``model.formula`` and ``model.re_formula`` decide of the other settings, and where these say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reportgen.settings.coerce import fold_name
from reportgen.settings.formula import FormulaError, read_formula, read_random
from reportgen.settings.messages import did_you_mean, refusal
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import MOST_MODERATORS, ModelSettings


def settle(settings: Settings, said: Mapping[str, str]) -> tuple[Settings, dict[str, str], list[str]]:
    """The settings that the formulas stand for, which of them which formula decided, and every problem.

    Parameters
    ----------
    said
        Settings that somebody wrote, by ``section.key``, and where: these must agree with the formulas.
    """
    wanted: dict[str, Any] = {}
    problems: list[str] = []
    # Of each key the formula that decides it.
    by: dict[str, str] = {}
    for key, read in (("formula", _of_formula), ("re_formula", _of_random)):
        text = getattr(settings.model, key)
        if not text:
            continue
        try:
            values = read(text, settings)
        except FormulaError as error:
            told = refusal(f"model.{key}", ModelSettings.model_fields[key], text, str(error).removesuffix("."))
            problems.append(f"{said[f'model.{key}']}: {told}" if f"model.{key}" in said else told)
            continue
        wanted |= values
        by |= dict.fromkeys(values, f"model.{key}")
    for key, value in wanted.items():
        section, _, name = key.partition(".")
        present = getattr(getattr(settings, section), name)
        if key in said and not _same(present, value):
            both = f"{by[key]} says {_shown(name, value)}, {key} says {_shown(name, present)} ({said[key]})"
            problems.append(f"{said[by[key]]}: {both}: write it once, or the same.")
    if problems:
        return settings, {}, problems
    decided = {key: value for key, value in wanted.items() if key not in said}
    for section in ("panel", "model"):
        changes = {key.partition(".")[2]: value for key, value in decided.items() if key.startswith(f"{section}.")}
        settings = settings.model_copy(update={section: getattr(settings, section).model_copy(update=changes)})
    return settings, {key: by[key] for key in decided}, []


def _of_formula(text: str, settings: Settings) -> dict[str, Any]:
    made = read_formula(text)
    _all_channels(made.channels, settings)
    taken = {fold_name(name) for name in (settings.panel.sales, *settings.panel.promotion)}
    if clash := next((name for name in (*made.columns, *made.moderators) if fold_name(name) in taken), None):
        raise FormulaError(f"{clash} is sales or promotion: write Lag1_Sales or Adstock_Promotion.")
    if made.corrected and settings.model.correction == "none":
        raise FormulaError('it has initial conditions, and model.correction = "none" has not.')
    if made.time == "territory-periods" and not settings.panel.territory:
        raise FormulaError("it has C(Territory): name the column in panel.territory.")
    if len(made.moderators) > MOST_MODERATORS:
        raise FormulaError(f"promotion interacts with {len(made.moderators)} columns; at most {MOST_MODERATORS}.")
    values: dict[str, Any] = {
        "model.response": made.response, "model.lags": made.lags, "panel.controls": made.columns,
    }  # fmt: skip
    if made.time is not None:
        values["model.time"] = made.time
    if made.moderators:
        values["model.moderators"] = made.moderators
    return values


def _of_random(text: str, settings: Settings) -> dict[str, Any]:
    channels, trend = read_random(text)
    if channels:
        _all_channels(channels, settings)
    values: dict[str, Any] = {"model.random_slope": bool(channels)}
    return values | ({"model.pharmacy_trend": True} if trend else {})


def _all_channels(named: Iterable[str], settings: Settings) -> None:
    """Refuse a formula that leaves a channel out, or has one that is none."""
    channels = settings.panel.promotion
    known = {fold_name(name): name for name in channels}
    if len(channels) == 1:
        known["promotion"] = channels[0]
    found = [known.get(fold_name(name), "") for name in named]
    allowed = [f"Adstock_{name}" for name in (channels if len(channels) > 1 else ("Promotion",))]
    for name, channel in zip(named, found, strict=True):
        if not channel:
            near = did_you_mean(f"Adstock_{name}", allowed) or f" It may be {', '.join(allowed)}."
            raise FormulaError(f"Adstock_{name} is no channel of panel.promotion.{near}")
    if left := [name for name in channels if name not in found]:
        raise FormulaError(f"panel.promotion has {', '.join(left)}, too: add it, or take it out there.")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return {fold_name(str(item)) for item in one} == {fold_name(str(item)) for item in other}
    return bool(one == other)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) if value else f"no {name}"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
