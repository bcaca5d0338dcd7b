"""Every character this program prints is in the fonts it ships: no page depends on the fonts of a machine."""

from __future__ import annotations

import ast
import unicodedata

import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont

from reportgen.report.typefaces.faces import font_files
from reportgen.resources import CATALOGUES, PACKAGE, templates_dir

NOT_PRINTED = {"escape.py", "faces.py", "glyphs.py", "names.py", "typeset.py"}
"""Modules that name characters they look for, or whole scripts by their first and last."""


@pytest.fixture(scope="module")
def shipped() -> set[str]:
    found: set[int] = set()
    for path in font_files().values():
        with TTFont(path) as font:
            found |= set(font.getBestCmap())
    return {chr(code) for code in found}


def words_of_the_program() -> dict[str, str]:
    """Texts by where they stand: literals of report and render, templates, catalogues."""
    found = {}
    sources = (path for folder in ("report", "render") for path in (PACKAGE / folder).rglob("*.py"))
    for path in sorted(path for path in sources if path.name not in NOT_PRINTED):
        tree = ast.parse(path.read_text("utf-8"))
        documented = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        texts = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
        ]
        found[path.name] = "".join(texts)
    for path in sorted(p for p in templates_dir().rglob("*") if p.suffix in {".j2", ".css"}):
        found[path.name] = path.read_text("utf-8")
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as stream:
            texts = [text for message in read_po(stream) for text in (message.id, message.string)]
        found[path.name] = "".join(text if isinstance(text, str) else "".join(text) for text in texts)
    return found


def test_every_character_of_the_program_is_in_the_fonts_shipped(shipped: set[str]) -> None:
    missing = {
        name: lacking
        for name, text in words_of_the_program().items()
        if (lacking := "".join(sorted(c for c in set(text) - shipped if unicodedata.category(c)[0] not in "CZ")))
    }
    assert missing == {}


@pytest.mark.parametrize(
    "locale", ["en_IN", "en_US", "en_GB", "de_DE", "de_CH", "fr_FR", "es_ES", "pt_BR", "it_IT", "pl_PL", "hi_IN"]
)
def test_numbers_and_months_of_a_locale_are_in_the_fonts_shipped(shipped: set[str], locale: str) -> None:
    from babel import Locale

    found = Locale.parse(locale)
    texts = [*found.months["format"]["abbreviated"].values(), *found.months["stand-alone"]["wide"].values()]
    texts += [found.number_symbols["latn"][key] for key in ("decimal", "group", "plusSign", "minusSign", "percentSign")]
    texts += [
        found.currency_symbols.get(code, code) for code in ("INR", "EUR", "USD", "GBP", "CHF", "PLN", "BRL", "JPY")
    ]
    lacking = {c for c in "".join(texts) if c not in shipped and unicodedata.category(c)[0] not in "CZ"}
    assert lacking == set()
