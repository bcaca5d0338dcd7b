"""Text from data, made safe to show: the one door through which a market's or pharmacy's name enters a document.

NFC, without control, surrogate and bidirectional-control characters (which can reorder a line), white space
collapsed, at most 80 characters. Escaping is the renderer's business and happens there, for all text alike.
"""

from __future__ import annotations

import re
import unicodedata

CAP = 80
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*\Z")


def display_name(text: str, cap: int = CAP) -> str:
    """Return ``text`` as it may be shown, ended with an ellipsis beyond ``cap`` characters.

    A name of which nothing visible is left is shown as ``?``.
    """
    if _PLAIN.match(text) is None:
        kept = (" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
        text = " ".join(unicodedata.normalize("NFC", "".join(kept)).split()) or "?"
    return text if len(text) <= cap else text[: cap - 1].rstrip() + "…"


def _visible(letter: str) -> bool:
    return letter not in _BIDI and unicodedata.category(letter) not in {"Cc", "Cs", "Cn", "Co"}
