"""Results of an older schema version as the present one says them.

Version 1 had no effects by name: the first period is the first point of its impulse response, one unit kept up (and in
all) its long run, per promotion unit where carry-over weights did not sum to one. Its terms had no roles; they are
read from the lists of terms that it had. Everything else that it lacks stays ``None`` or empty.
"""

from __future__ import annotations

import re
from typing import Any

Raw = dict[str, Any]
_LAG = re.compile(r"Lag(\d+)_")


def upgraded(raw: Raw, version: int) -> Raw:
    """The content of a ``results.json`` of schema version 1, brought to ``version``."""
    made = {**raw, "schema_version": version}
    model = raw.get("model")
    if not isinstance(model, dict):
        return made
    made["model"] = {**model, "terms": _terms(raw, model)}
    made["effects"] = _effects(raw, model)
    return made


def _effects(raw: Raw, model: Raw) -> list[Raw]:
    names = zip(model["channels"], model["promotion_terms"], strict=True)
    channels = raw.get("channels") or [{"long_run": raw.get("long_run"), "impulse": raw.get("impulse")}]
    return [
        {
            "channel": name,
            "term": term,
            "first_period": _first(one.get("impulse") or []),
            "in_all": _kept_up(one.get("long_run")),
            "kept_up": _kept_up(one.get("long_run")),
        }
        for (name, term), one in zip(names, channels, strict=False)
    ]


def _first(impulse: list[Raw]) -> Raw:
    if not impulse:
        return {"estimate": None, "lower": None, "upper": None}
    return {"estimate": impulse[0]["effect"], "lower": impulse[0]["lower"], "upper": impulse[0]["upper"]}


def _kept_up(long_run: Raw | None) -> Raw:
    found = long_run or {}
    estimate, total = found.get("estimate"), found.get("total_pulse")
    factor = total / estimate if estimate and total is not None else 1.0
    limits = {name: found.get(name) for name in ("estimate", "lower", "upper")}
    return {name: None if value is None else value * factor for name, value in limits.items()}


def _terms(raw: Raw, model: Raw) -> list[Raw]:
    roles = {
        **{term: {"role": "promotion", "channel": k} for k, term in enumerate(model["promotion_terms"])},
        **{term: {"role": "lag", "lag": _lag(term)} for term in model["lag_terms"]},
        **{term: {"role": "control", "label": term} for term in model["control_terms"]},
        **{term: _correction(term, model) for term in model["correction_terms"]},
    }
    rows = [row["term"] for row in raw.get("fixed", ())]
    return [{"term": term, **roles.get(term, {"role": "intercept"})} for term in rows]


def _lag(term: str) -> int:
    found = _LAG.match(term)
    return int(found[1]) if found else 1


def _correction(term: str, model: Raw) -> Raw:
    """``Mean_Promotion``, ``Mean_Promotion_calls`` and the like; else the first sale."""
    for prefix, role in (
        ("Mean_Promotion", "mean-promotion"),
        ("Initial_Promotion", "initial-promotion"),
        ("Presample_Promotion", "presample-promotion"),
    ):
        if term.startswith(prefix):
            label = term.removeprefix(prefix).removeprefix("_")
            terms = [name.removeprefix("Adstock_") for name in model["promotion_terms"]]
            return {"role": role, "channel": terms.index(label) if label in terms else 0, "label": label}
    return {"role": "initial-sales", "lag": 1}
