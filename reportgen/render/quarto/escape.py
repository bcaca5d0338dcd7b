r"""Text as data for every place of a Quarto source: prose, attributes, front matter, code, equations, listings, links.

Quarto reads a page several times: its own scan for shortcodes before pandoc, pandoc's Markdown, its filters over the
parsed text, and again the title in front matter. So text is made safe twice. ``guard`` breaks the few sequences that a
*later* reader would act upon even after Markdown has been unescaped (doubled braces of shortcodes, the marker that
newer versions put in their place) with an invisible word joiner, which :func:`reportgen.report.words.names.clean` never
lets through from data. Then each place gets its own escape. Rejected: entities everywhere (sources nobody can read) and
a backslash before every sign (the same).
"""

from __future__ import annotations

import json
import re

from markupsafe import Markup

JOINER = "\u2060"
_MARKER = "b58fc729-690b-4000-b19f-365a4093b2ff"
"""What Quarto 1.7 and later puts in place of a shortcode until its filters run; hexadecimal of one may follow it."""
_SIGNS = re.compile(r"[\\`*_{}\[\]<>#|$@^~!&=+\"']")
_ANY = re.compile(r"[\\`*_{}\[\]<>#|$@^~!&=+\"':()\n]|-(?!\w)|(?<!\w)-|\.(?!\d)|^%")
"""Whatever one of the rules below could be about; most table cells hold none of it."""
_COLON = re.compile(r":(?=\S)|^:|(?<=^[Tt]able):")
_DASHES = re.compile(r"(?<=-)-")
_DOTS = re.compile(r"(?<=\.)\.")
_START = re.compile(r"^(\(?)([0-9A-Za-z]{1,9})([.)])(?=\s|$)")
_BULLET = re.compile(r"^[-%]")
_ADDRESS = re.compile(r"(?:https?://)?[A-Za-z0-9._~/?#!&=+%,;-]+\Z")
# Runs of letters of any script, which become upright words, and every other sign by itself.
_TEX_PIECES = re.compile(
    "[A-Za-z\u00c0-\u024f\u0400-\u1fff\u2c00-\ud7ff\uf900-\uffff]"
    "[A-Za-z0-9_ \u00c0-\u024f\u0300-\u036f\u0400-\u200d\u2c00-\ud7ff\uf900-\uffff]*|.",
    re.DOTALL,
)
_TEX_SIGNS = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_",
    "^": r"\wedge ", "~": r"\sim ", "<": "<", ">": ">", "|": r"\vert ", "`": "'", "@": r"\text{@}",
}  # fmt: skip
_TEX_LETTERS = {
    "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\varepsilon ", "φ": r"\varphi ",
    "σ": r"\sigma ", "τ": r"\tau ", "Ψ": r"\Psi ", "·": r"\cdot ", "−": "-", "×": r"\times ",
}  # fmt: skip


def guard(text: str) -> str:
    """Break what Quarto would still act upon after Markdown was read; shown and printed alike."""
    if "{{" in text:
        # Looking ahead, not at pairs: of three braces in a row every two are neighbours.
        text = re.sub(r"\{(?=\{)", "{" + JOINER, text)
    if "}}" in text:
        text = re.sub(r"\}(?=\})", "}" + JOINER, text)
    return text.replace(_MARKER, _MARKER[:8] + JOINER + _MARKER[8:]) if _MARKER in text else text


def markdown(text: str) -> Markup:
    """One line of plain text as Markdown that shows exactly it, also at the start of a line and in a table cell."""
    if not _ANY.search(text) and _MARKER[:8] not in text:
        return Markup(text)  # noqa: S704 - nothing in it means anything to Markdown
    # Signs first, since the later rules add backslashes of their own; a line break would end a cell.
    made = _SIGNS.sub(r"\\\g<0>", guard(" ".join(text.split("\n"))))
    made = _DOTS.sub(r"\.", _DASHES.sub(r"\-", _COLON.sub(r"\:", made)))
    made = _START.sub(_escape_marker, _BULLET.sub(r"\\\g<0>", made))
    return Markup(made)  # noqa: S704 - Markup marks finished Markdown here


def _escape_marker(found: re.Match[str]) -> str:
    """Keep ``1. May`` or ``(a) first`` from starting a list."""
    opening, label, closing = found.groups()
    return f"{opening and chr(92) + opening}{label}\\{closing}"


def attribute(text: str) -> Markup:
    """Plain text as a quoted attribute value, without the quotes: ``{fig-alt="…"}``."""
    return Markup(re.sub(r"[\\\"&<>{}`@#$\[\]]", r"\\\g<0>", guard(" ".join(text.split()))))  # noqa: S704


def scalar(text: str) -> Markup:
    """Plain text as a YAML scalar that Quarto reads as a string and nothing else (JSON is YAML)."""
    return Markup(json.dumps(guard(text), ensure_ascii=False))  # noqa: S704


def scalar_markdown(text: str) -> Markup:
    """Plain text for a front-matter key that is read as Markdown (title, subtitle, description)."""
    return Markup(json.dumps(str(markdown(text)), ensure_ascii=False))  # noqa: S704


def entities(text: str) -> str:
    """Plain text with every ASCII sign as an entity: alike in Markdown and raw HTML, which a listing mixes."""
    return "".join(f"&#{ord(c)};" if c.isascii() and not c.isalnum() and c != " " else c for c in guard(text))


def scalar_entities(text: str) -> Markup:
    """Plain text for a front-matter key that ends up in raw HTML (names of a listing's columns)."""
    return Markup(json.dumps(entities(text), ensure_ascii=False))  # noqa: S704


def code_block(text: str) -> Markup:
    """Text as a fenced block that nothing is read in: a fence longer than any within, shortcodes off."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f'{fence} {{.default shortcodes="false"}}\n{guard(text)}\n{fence}')  # noqa: S704


def address(link: str) -> Markup:
    """Link target: relative or http(s), of plain signs; ``#`` for anything else."""
    return Markup(link if _ADDRESS.match(link) else "#")  # noqa: S704


def tex(text: str) -> str:
    r"""Plain text of an equation as TeX: Greek letters and signs as commands, words upright.

    Needs no guard: words stand in ``\text{}`` of their own, so no two signs of the text are neighbours in TeX.
    """
    parts = []
    for piece in _TEX_PIECES.findall(text.replace("\u00a0", " ")):
        word = piece.rstrip()
        # One or two ASCII letters are a variable or a sign; all else is a word and stands upright.
        if len(word) > 2 or not word.isascii():
            plain = word.replace("_", r"\_")
            parts.append(_TEX_LETTERS.get(word) or rf"\text{{{plain}}}" + piece[len(word) :])
        else:
            parts.append(_TEX_SIGNS.get(piece) or _TEX_LETTERS.get(piece, piece))
    return "".join(parts)
