"""Catalogues: gettext semantics, English where an entry is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from reportgen.report.words.language import CATALOGUES, Language

SAMPLE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "{lower} to {upper}"
msgstr "{lower} bis {upper}"

msgid "{n} month"
msgid_plural "{n} months"
msgstr[0] "{n} Monat"
msgstr[1] "{n} Monate"

#, fuzzy
msgid "Works"
msgstr "Arbeitet"

msgid "Unclear"
msgstr ""

msgctxt "verdict"
msgid "Works"
msgstr "Wirkt"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "xx.po").write_text(SAMPLE, encoding="utf-8")
    return tmp_path


def test_entry_is_translated_and_placeholders_stay(folder: Path) -> None:
    assert Language("xx_YY", folder).gettext("{lower} to {upper}") == "{lower} bis {upper}"


def test_plural_form_follows_the_count(folder: Path) -> None:
    language = Language("xx", folder)
    assert [language.ngettext("{n} month", "{n} months", n) for n in (1, 2)] == ["{n} Monat", "{n} Monate"]


@pytest.mark.parametrize("message", ["Works", "Unclear", "Never seen", ""])
def test_fuzzy_empty_and_missing_entries_stay_english(folder: Path, message: str) -> None:
    assert Language("xx", folder).gettext(message) == message


def test_context_distinguishes_the_same_word(folder: Path) -> None:
    assert Language("xx", folder).pgettext("verdict", "Works") == "Wirkt"


def test_locale_without_catalogue_speaks_english() -> None:
    language = Language("en_IN")
    assert language.gettext("No effect seen") == "No effect seen"
    assert language.ngettext("{n} month", "{n} months", 3) == "{n} months"


@pytest.mark.parametrize(
    ("locale", "code", "direction"),
    [("de_DE", "de-DE", "ltr"), ("ar_EG", "ar-EG", "rtl"), ("en_IN", "en-IN", "ltr"), ("he_IL", "en", "ltr")],
)
def test_code_and_direction_are_those_of_the_words(locale: str, code: str, direction: str, tmp_path: Path) -> None:
    for translated in ("de", "ar"):
        (tmp_path / f"{translated}.po").write_text(SAMPLE, encoding="utf-8")
    language = Language(locale, tmp_path)
    assert (language.code, language.direction) == (code, direction)


def test_translations_keep_the_placeholders_of_the_message() -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)", text))

    for path in CATALOGUES.glob("*.po"):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.stem)
        for entry in catalogue:
            ids = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
            strings = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
            wanted = set().union(*(fields(text) for text in ids))
            for text in filter(None, strings if entry.id else ()):
                assert fields(text) <= wanted, f"{path.name}: {ids[0]!r}"
                assert wanted - fields(text) <= {"n", "count"}, f"{path.name}: {ids[0]!r}"
