"""``model.formula`` and ``model.re_formula``: the model as typed in statsmodels, read into the settings it stands for.

    formula = response "~" term ("+" term)*          term = factor ((":" | "*") factor)?
    factor  = name | `any name` | function "(" name ("," number)? ")" | "I(" name "**" number ")"

Names are those of a closed list (:data:`NAMES`, with the channels and lags) and columns of the table, functions those
of :data:`FUNCTIONS`. Nothing is evaluated: a formula becomes lags, scale, time, classes and columns made from controls
(:mod:`reportgen.panel.derived`), and what it says twice with another setting is refused. What it does not name of time
and of the correction stays as the settings say.

Rejected: formulaic's parser. It evaluates nothing while it parses, but takes a second to import, stops at vowel signs
of Indian scripts in names, and reads a language of which nearly all would have to be refused again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NoReturn
from unicodedata import category

from reportgen.settings.coerce import fold_name
from reportgen.settings.messages import did_you_mean
from reportgen.settings.statistics import Response, Time

FUNCTIONS = {"log": (), "power": (2, 5), "poly": (2, 5), "spline": (2, 6)}
"""Transforms of a control, each with the range of its number."""
NAMES = (
    "Sales", "Log_Sales", "Adstock_Promotion", "Lag1_Sales", "Trend", "Season", "Period", "C(Period)",
    "C(Period):C(Territory)", *(f"{name}()" for name in FUNCTIONS),
)  # fmt: skip
"""What a formula may name beside columns of the table, for suggestions."""
LONGEST, MOST_CONTROLS, MOST_TERMS = 1000, 8, 40
_TOKEN = re.compile(r"\s*(`[^`\n]+`|\d+(?!\w)|[^\W\d][^\s~+:*(),`]*|\*\*|[~+:*(),])")
_TIME: dict[frozenset[str], Time] = {
    frozenset({"season"}): "season",
    frozenset({"trend"}): "trend",
    frozenset({"season", "trend"}): "season+trend",
    frozenset({"period"}): "periods",
    frozenset({"territory"}): "territory-periods",
}


class FormulaError(ValueError):
    """A formula that cannot be read; says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One column of the table and what is made of it; ``column`` is as written, and "" with ``trend``."""

    column: str
    function: Literal["", "log", "power", "poly", "spline", "trend"] = ""
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """What a formula says. ``channels`` as written behind ``Adstock_``; ``controls`` are terms of one or two pieces."""

    response: Response
    channels: tuple[str, ...] = ()
    lags: tuple[int, ...] = ()
    controls: tuple[tuple[Piece, ...], ...] = ()
    time: Time | None = None
    moderators: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that its controls are made of, each once."""
        return tuple(dict.fromkeys(piece.column for term in self.controls for piece in term if piece.column))


@dataclass(slots=True)
class _Said:
    """What was read so far."""

    channels: list[str] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)
    controls: list[tuple[Piece, ...]] = field(default_factory=list)
    time: set[str] = field(default_factory=set)
    moderators: list[str] = field(default_factory=list)
    corrected: bool = False


@lru_cache(maxsize=64)
def read_formula(text: str) -> Formula:
    """Parse ``model.formula``.

    Raises
    ------
    FormulaError
        With the part that cannot be read, and the nearest that can.
    """
    left, terms = _sides(text)
    scales: dict[str, Response] = {"sales": "level", "logsales": "log"}
    if fold_name(left) not in scales:
        raise FormulaError(f"{left or 'nothing'} stands left of ~: write Sales, or Log_Sales.")
    said = _Said()
    for term in terms:
        _take(term, said)
    if not said.channels:
        near = next((word for term in said.controls if (word := did_you_mean(term[0].column, NAMES[2:3]))), "")
        raise FormulaError(f"it has no promotion: write Adstock_Promotion, or Adstock_ and the channel's name.{near}")
    if said.time and frozenset(said.time) not in _TIME:
        raise FormulaError("Period takes the place of Season and Trend: write one or the others.")
    made = Formula(
        response=scales[fold_name(left)],
        channels=tuple(said.channels),
        lags=tuple(said.lags),
        controls=tuple(dict.fromkeys(said.controls)),
        time=_TIME[frozenset(said.time)] if said.time else None,
        moderators=tuple(dict.fromkeys(said.moderators)),
        corrected=said.corrected,
    )
    if len(made.columns) > MOST_CONTROLS:
        raise FormulaError(f"it has {len(made.columns)} columns of the table; at most {MOST_CONTROLS}.")
    return made


def read_random(text: str) -> tuple[tuple[str, ...], bool]:
    """Parse ``model.re_formula``: channels whose effect differs between pharmacies, and whether each has a trend."""
    left, terms = _sides(text)
    if left:
        raise FormulaError("nothing stands left of ~ here: write ~ Adstock_Promotion.")
    said = _Said()
    for term in terms:
        _take(term, said)
    wrong = said.lags or said.controls or said.moderators or said.corrected or said.time - {"trend"}
    if wrong:
        raise FormulaError("only Adstock_Promotion (or 1) and Trend may differ between pharmacies.")
    return tuple(said.channels), "trend" in said.time


def _sides(text: str) -> tuple[str, list[list[str]]]:
    """The response and the terms, each as its parts."""
    if len(text) > LONGEST:
        raise FormulaError(f"it has {len(text)} characters; at most {LONGEST}.")
    parts = _parts(text)
    if parts.count("~") != 1:
        raise FormulaError("write one ~ between sales and what explains them.")
    at = parts.index("~")
    terms: list[list[str]] = [[]]
    for part in parts[at + 1 :]:
        if part == "+":
            terms.append([])
        else:
            terms[-1].append(part)
    if not all(terms):
        raise FormulaError("a term is missing beside + or ~.")
    if len(terms) > MOST_TERMS:
        raise FormulaError(f"it has {len(terms)} terms; at most {MOST_TERMS}.")
    return "".join(parts[:at]), terms


def _parts(text: str) -> list[str]:
    found, at, text = [], 0, text.strip()
    for sign in re.sub(r"`[^`\n]+`", "", text):
        # Vowel signs of Indian scripts are marks (M) and belong to names.
        if not (sign.isalnum() or sign.isspace() or sign in "_~+:*(),`" or category(sign)[0] == "M"):
            raise FormulaError(
                f"{sign} has no meaning in it: terms are joined by +, interactions by : or *, and names with other "
                "signs stand in `…`."
            )
    while at < len(text):
        part = _TOKEN.match(text, at)
        if part is None:
            raise FormulaError(f"it cannot be read from {text[at : at + 20].strip()!r} on.")
        found.append(part[0].strip())
        at = part.end()
    return found


def _take(parts: list[str], said: _Said) -> None:
    """Add what one term says."""
    if parts == ["1"]:
        return
    if parts[0].isdigit():
        raise FormulaError(f"{parts[0]} is no term: the intercept stays, and needs no name.")
    factors: list[list[str]] = [[]]
    depth, signs = 0, []
    for part in parts:
        depth += (part == "(") - (part == ")")
        if part in (":", "*") and depth == 0:
            signs.append(part)
            factors.append([])
        else:
            factors[-1].append(part)
    if len(factors) > 2:
        raise FormulaError(f"{''.join(parts)}: an interaction is one of two.")
    if len(factors) == 1:
        _alone(factors[0], said)
    else:
        _together(factors[0], factors[1], signs[0] == "*", said)


def _alone(factor: list[str], said: _Said) -> None:
    """A term without interaction."""
    name = _name(factor)
    kind, value = _known(name) if name else ("", "")
    if _is_period(factor):
        said.time.add("period")
    elif kind == "channel":
        said.channels.append(value)
    elif kind == "lag":
        said.lags.append(int(value))
    elif kind == "time":
        said.time.add(value)
    elif kind == "correction":
        said.corrected = True
    else:
        said.controls.append((_piece(factor),))


def _together(one: list[str], other: list[str], apart_too: bool, said: _Said) -> None:
    """An interaction: promotion with a column of classes, or two controls, or a control with the trend."""
    if _is_period(one) and _words(other) == ["C", "(", "territory", ")"]:
        said.time.add("territory")
        return
    shown = f"{''.join(one)}:{''.join(other)}"
    kinds = [_known(name)[0] if (name := _name(factor)) else "" for factor in (one, other)]
    if "channel" in kinds:
        promotion, mate = (one, other) if kinds[0] == "channel" else (other, one)
        if "" not in kinds or (piece := _piece(mate)).function:
            raise FormulaError(f"{shown}: promotion interacts with a column that sorts pharmacies into classes.")
        if apart_too:
            _alone(promotion, said)
        said.moderators.append(piece.column)
        return
    if any(kind and kind != "time" for kind in kinds):
        raise FormulaError(f"{shown}: only promotion and columns of the table interact.")
    pieces = [
        Piece(column="", function="trend") if kind else _piece(f) for kind, f in zip(kinds, (one, other), strict=True)
    ]
    if any(piece.function in ("poly", "spline") for piece in pieces) or all(kinds):
        raise FormulaError(f"{shown}: what interacts is a column, its log or power, or Trend.")
    if apart_too:
        _alone(one, said)
        _alone(other, said)
    said.controls.append(tuple(pieces))


def _is_period(factor: list[str]) -> bool:
    return _words(factor) in (["period"], ["C", "(", "period", ")"])


def _words(factor: list[str]) -> list[str]:
    return [part if part in ("C", "(", ")") else fold_name(part) for part in factor]


def _name(factor: list[str]) -> str:
    """The name of a factor without function or quotes; empty where it is more."""
    return factor[0] if len(factor) == 1 and not factor[0].startswith("`") else ""


def _known(name: str) -> tuple[str, str]:
    """Kind and value of a name of the closed list; ("", "") for a column of the table."""
    if found := re.fullmatch(r"(?i)adstock_(\w.*)", name):
        return "channel", found[1]
    if found := re.fullmatch(r"(?i)lag(\d{1,2})_(?:log_)?sales", name):
        if not 1 <= int(found[1]) <= 24:
            raise FormulaError(f"{name}: lags go from 1 to 24.")
        return "lag", str(int(found[1]))
    if re.fullmatch(r"(?i)season(_(cos|sin)\d+)?", name):
        return "time", "season"
    if fold_name(name) == "trend":
        return "time", "trend"
    if re.fullmatch(r"(Initial_Sales|Mean_Promotion)(_Mean|_\w+)?|(Initial|Presample)_Promotion(_\w+)?", name):
        return "correction", ""
    if fold_name(name) in ("sales", "logsales"):
        raise FormulaError(f"{name} stands left of ~; earlier sales are Lag1_Sales, Lag2_Sales.")
    if re.match(r"(?i)(adstock|lag\d)", name):
        raise FormulaError(f"{name} is not known.{did_you_mean(name, NAMES) or ' Did you mean Lag1_Sales?'}")
    return "", ""


def _piece(factor: list[str]) -> Piece:
    """A column of the table, or a function of one."""
    shown = "".join(factor)
    if not re.match(r"[`\w]", factor[0]) or factor[0].isdigit():
        _unreadable(shown)
    if len(factor) == 1:
        return Piece(column=factor[0].strip("`"))
    function, *inner = factor
    if inner[0] != "(" or inner[-1] != ")" or function.startswith("`") or len(inner) < 3:
        _unreadable(shown)
    column, *rest = inner[1:-1]
    if column.isdigit() or column in ("(", ")", ",", ":", "*", "**", "~"):
        _unreadable(shown)
    if _name([column]) and _known(column)[0]:
        raise FormulaError(f"{shown}: functions are of columns of the table; how promotion flattens is model.shape.")
    name = column.strip("`")
    if function == "I" and len(rest) == 2 and rest[0] == "**" and rest[1].isdigit():
        return Piece(column=name, function="power", number=_number("power", rest[1], shown))
    if function == "log" and not rest:
        return Piece(column=name, function="log")
    if function not in FUNCTIONS:
        raise FormulaError(
            f"{function}() is not among the functions, which are {', '.join(FUNCTIONS)}."
            f"{did_you_mean(function, FUNCTIONS)}"
        )
    if len(rest) != 2 or rest[0] != "," or not rest[1].isdigit() or function == "log":
        _unreadable(shown)
    kind: Any = function
    return Piece(column=name, function=kind, number=_number(function, rest[1], shown))


def _number(function: str, text: str, shown: str) -> int:
    least, most = FUNCTIONS[function]
    if len(text) > 2 or not least <= int(text) <= most:
        raise FormulaError(f"{shown}: write a number from {least} to {most}.")
    return int(text)


def _unreadable(shown: str) -> NoReturn:
    raise FormulaError(
        f"{shown} cannot be read: brackets stand behind a function only, as in log(price), I(price**2), "
        "power(price, 2), poly(price, 3) or spline(price, 4)."
    )
