"""Text that comes from data or settings, made fit to be shown; the one place that cleans it.

Escaping belongs to Jinja and to the SVG writer. Here only what no renderer can show well is mended:
composed form (NFC), no control, surrogate, private-use or bidi-control characters, single spaces, at most
80 characters. Nothing is refused: an odd name is still a name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT = 80
_WORD = 12
"""A common beginning is cut at a space if one is this near."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_DROPPED = frozenset({"Cc", "Cs", "Co", "Cn"})
# Bidi controls, zero-width space, word joiner, byte-order mark; joiners U+200C and U+200D stay (Indic scripts).
_CONTROLS = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


@lru_cache(maxsize=16384)
def clean(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` as it is displayed, at most ``limit`` characters; a dash if nothing is left."""
    spaced = " ".join("".join(" " if c.isspace() else c for c in text).split())
    kept = "".join(c for c in spaced if c not in _CONTROLS and unicodedata.category(c) not in _DROPPED)
    shown = unicodedata.normalize("NFC", kept).strip()
    if len(shown) > limit:
        shown = shortened(shown, limit - 1)
    return shown or "–"


def isolated(text: str) -> str:
    """Return ``text`` fenced off where it runs right to left: numbers beside it in a sentence then keep their place."""
    return f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) else text


def shortened(text: str, kept: int) -> str:
    """Return ``kept`` characters of ``text`` around an ellipsis; names often differ at their end only."""
    # Two thirds of the beginning, one of the end.
    tail = kept // 3
    end = text[len(text) - tail :] if tail else ""
    while end and unicodedata.category(end[0]).startswith("M"):  # a sign that belongs to the letter before it
        end = end[1:]
    return f"{text[: kept - tail].rstrip()}…{end.lstrip()}"


def told_apart(names: Sequence[str], fit: Callable[[str], str]) -> tuple[str, ...]:
    """Return each name made to fit by ``fit``; names that would look alike lose the beginning they share instead.

    A hundred pharmacies called "Pharmacy on the market square, branch 17" are thus "…17", not a hundred times
    "Pharmacy on…anch".
    """
    shown = [fit(name) for name in names]
    alike: dict[str, list[int]] = {}
    for i, text in enumerate(shown):
        alike.setdefault(text, []).append(i)
    # Those that would be the same text but are not the same name.
    for members in alike.values():
        different = {names[i] for i in members}
        if len(different) > 1:
            columns = enumerate(zip(*different, strict=False))
            start = next((k for k, letters in columns if len(set(letters)) > 1), min(map(len, different)))
            word = next(iter(different)).rfind(" ", 0, start) + 1
            for i in members:
                shown[i] = fit("…" + names[i][word if start - word < _WORD else start :])
    return tuple(shown)
