"""Words in the reader's language: a gettext catalogue per language, English where an entry is missing.

The message id *is* the English sentence, with named placeholders, so code reads as what it prints::

    _ = language.gettext
    _("{share} of sales came from promotion").format(share=formats.percent(0.12))

Catalogues are ``reportgen/report/locale/<language>.po``, read as text by Babel: no compiled files to forget and none
to ship. Numbers, dates and money belong to ``formats.py``; sentences to the modules that know the
facts. Rejected: key-based catalogues (``summary.verdict.works``), which hide the sentence from whoever edits the code.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.resources import CATALOGUES
from reportgen.settings.words import Message, own_words

if TYPE_CHECKING:
    from reportgen.settings.sections import ReportSettings

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "sd"})


@lru_cache(maxsize=16)
def _translations(locale: str, folder: Path) -> gettext.NullTranslations:
    """Read ``<locale>.po``, else ``<language>.po``, else nothing; fuzzy entries do not count."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for name in dict.fromkeys((locale, locale.partition("_")[0])):
        path = folder / f"{name}.po"
        if path.is_file():
            compiled = BytesIO()
            with path.open("rb") as source:
                # Babel leaves fuzzy entries out of a compiled catalogue: a guess of a translation is not shown.
                write_mo(compiled, read_po(source, locale=name))
            compiled.seek(0)
            return gettext.GNUTranslations(compiled)
    return gettext.NullTranslations()


@lru_cache(maxsize=4)
def _spoken(folder: Path) -> tuple[str, ...]:
    """Languages that there are words in, English first."""
    return ("en", *sorted({path.stem.partition("_")[0] for path in folder.glob("*.po")} - {"en"}))


def untranslated(locale: str) -> str:
    """Return what to say of a locale whose words nobody has translated; empty where somebody has, and for English."""
    from babel.core import Locale

    spoken = _spoken(CATALOGUES)
    data = Locale.parse(locale)
    if data.language in spoken:
        return ""
    names = ", ".join(f"{Locale.parse(code).get_language_name('en')} ({code})" for code in spoken)
    return (
        f"{locale}: nobody has translated the words into {data.get_language_name('en')}: they are English, numbers and "
        f"dates as the locale writes them. Languages: {names}."
    )


@dataclass(frozen=True, slots=True)
class Language:
    """The catalogue of one locale, e.g. ``Language("de_DE")``.

    Catalogues are read once per process. A locale without a catalogue, and an entry without a translation, give the
    English message.
    """

    locale: str = "en"
    folder: Path = CATALOGUES
    own: Mapping[Message, str | tuple[str, str]] = field(default_factory=dict, hash=False, compare=False)
    """Sentences of the user's that stand in place of ours (``report.words``)."""

    @property
    def code(self) -> str:
        """BCP 47 tag for ``lang="…"``: ``de-DE``; ``en`` where nobody has translated the words."""
        translated = self.locale.partition("_")[0] in _spoken(self.folder)
        return self.locale.replace("_", "-") if translated else "en"

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``, for ``dir="…"``."""
        return "rtl" if self.code.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    def gettext(self, message: str) -> str:
        """Return ``message`` in this language; placeholders stay as they are."""
        own = self.own.get(message) if self.own else None
        if own is not None:
            return own if isinstance(own, str) else own[0]
        return _translations(self.locale, self.folder).gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Return the form of ``singular``/``plural`` that ``count`` takes in this language."""
        own = self.own.get((singular, plural)) if self.own else None
        if own is not None:
            return own if isinstance(own, str) else own[count != 1]
        return _translations(self.locale, self.folder).ngettext(singular, plural, count)

    def pgettext(self, context: str, message: str) -> str:
        """Return ``message`` as it is meant in ``context`` (a short English note for the translator)."""
        return _translations(self.locale, self.folder).pgettext(context, message)


def language_of(report: ReportSettings) -> Language:
    """Language of ``report.locale``, with the sentences of ``report.words``."""
    own = own_words(Path(report.words), report.locale) if report.words else {}
    return Language(report.locale, own=own)
