"""The page's own script, made small: ``templates/js/report.js`` without comments and spaces, its own names shortened.

Made from the readable source each time the program starts, so the two cannot part. Rejected: a minifier as a
dependency (it would have to be there at run time), and a second, minified file (it would fall behind the first).
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A slash opens a regular expression only if what follows its end could follow a value in brackets (a dot, a comma, a
# closing bracket): so expressions, divisions and comments are told apart without a parser.
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|/(?![/*\s])(?:\\.|\[[^\]\n]*\]|[^/\\\n])+/[gimu]*(?=[.,)\]]))
    |(?P<space>(?://[^\n]*|\s)+)|(?P<word>[\w$]+)|(?P<sign>=>|\?\.|\.{3}|[^\s\w$])""",
    re.VERBOSE,
)
_OPEN, _CLOSE = "([{", ")]}"


def compact(source: str) -> str:
    """Source without comments, without spaces that part nothing, and with short names for its own ones.

    Every statement must end with a semicolon (line ends are dropped too), names are declared by ``const``, ``let`` or
    as parameters in brackets, and no division may look like a regular expression.
    """
    tokens = [(str(found.lastgroup), found[0]) for found in _TOKEN.finditer(source) if found.lastgroup != "space"]
    texts = [text for _, text in tokens]
    # A name that is a property somewhere must keep its form everywhere: without a parser nobody knows whose it is.
    own = set(_own_names(tokens)) - set(_shorthand(texts))
    counts = Counter(text for text in texts if text in own)
    # The shortest names for the most frequent ones; a letter that the source uses for something else is passed over.
    letters = (name for name in _letters() if name in own or name not in texts)
    short = dict(zip((name for name, _ in counts.most_common()), letters, strict=False))
    made: list[str] = []
    for k, (kind, text) in enumerate(tokens):
        before = texts[k - 1] if k else ""
        # The one space that means something.
        if kind == "word" and k and tokens[k - 1][0] == "word":
            made.append(" ")
        renamed = kind == "word" and before not in (".", "?.") and not _is_key(texts, k)
        made.append(short.get(text, text) if renamed else text)
    return "".join(made).replace(";}", "}")


def _letters() -> Iterator[str]:
    """Short names: a, b, … Z, a0, b0, …; none is a word of the language."""
    yield from ascii_letters
    yield from (letter + digit for digit in digits for letter in ascii_letters)


def _is_key(texts: Sequence[str], k: int) -> bool:
    """Whether the word at ``k`` names a property: ``{ name: …``."""
    return texts[k + 1 : k + 2] == [":"] and texts[k - 1] in ("{", ",")


def _shorthand(texts: Sequence[str]) -> Iterator[str]:
    """Words that are a variable and a property at once, ``{ name, … }``: they keep their name."""
    stack: list[str] = []
    for k, text in enumerate(texts):
        if text in _OPEN:
            stack.append(text)
        elif text in _CLOSE:
            stack.pop()
        elif stack[-1:] == ["{"] and texts[k - 1] in ("{", ",") and texts[k + 1] in (",", "}"):
            yield text


def _own_names(tokens: Sequence[tuple[str, str]]) -> Iterator[str]:
    texts = [text for _, text in tokens]
    for k, text in enumerate(texts):
        if text in ("const", "let"):
            yield from _declared(texts, k + 1)
        elif text == "=>" and texts[k - 1] == ")":
            # The opening bracket of the parameters: the last one before the arrow without a closing one behind it.
            start = max(i for i in range(k) if texts[i] == "(" and ")" not in texts[i : k - 1])
            yield from (name for kind, name in tokens[start:k] if kind == "word")


def _declared(texts: Sequence[str], k: int) -> Iterator[str]:
    """Names that the declaration at ``k`` makes, up to its semicolon (or ``of``)."""
    depth, expected = 0, True
    for text in texts[k:]:
        if depth == 0 and text in (";", "of"):
            return
        if expected and text[0] not in _OPEN:
            yield text
        # Commas inside brackets part arguments, not declarations.
        depth += (text in _OPEN) - (text in _CLOSE)
        expected = depth == 0 and text == ","


@cache
def page_script() -> str:
    """Script of every page, made small."""
    return compact((templates_dir() / "js" / "report.js").read_text("utf-8"))
