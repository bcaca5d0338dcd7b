"""The catalogue: every word of a document passes through it, and German is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

import catalogue
from factories import calibrations, experiment, market_results, overview_results
from reportgen.report.blocks import Definition, Equation
from reportgen.report.document import build_report
from reportgen.report.narrative.method import READING
from reportgen.report.site.market_line import failed_market, summarise
from reportgen.report.site.overview import build_overview
from reportgen.report.slides.across import build_across
from reportgen.report.slides.market import build_deck
from reportgen.report.tables.sheets import build_workbook
from reportgen.report.words import language
from reportgen.report.words.language import CATALOGUES, Language
from reportgen.report.words.publishing import site_words
from reportgen.settings.sections import ReportSettings, Settings

CASES: dict[str, dict[str, Any]] = {
    "works": {},
    "weekly log": {"period": "week", "periods": 60, "response": "log", "cost": None},
    "negative": {"effect": -1.0},
    "calibrated": {"calibration": calibrations(alone=True)},
    "by lot": {"design": "experiment", "experiment": experiment()},
    "by lot, open": {"design": "experiment", "experiment": experiment(effect=30.0)},
    "singular": {"status": "singular"},
    "not estimable": {"status": "not-estimable"},
    "not estimated": {"status": "not-estimated"},
    "experiment": {"design": "experiment", "pharmacies": 130},
}
NOT_WORDS = ("notes", "places", "fields", "look")
"""Of slides: notes name places in the results."""
GERMAN = sorted(CATALOGUES.glob("*.po"))


@lru_cache(maxsize=1)
def template() -> Catalog:
    made = catalogue.collect()
    catalogue.identify(made, catalogue.read(catalogue.TEMPLATE))
    return made


@lru_cache(maxsize=4)
def german() -> Catalog:
    return catalogue.read(CATALOGUES / "de.po")


def texts(value: Any) -> Iterator[str]:
    """Every text of an object that a reader sees; SVG as the words drawn in it."""
    if isinstance(value, str):
        yield from re.findall(r"<text[^>]*>([^<]*)</text>", value) if value.startswith("<svg") else [value]
    elif isinstance(value, Equation) or (isinstance(value, Definition) and value.term in {row[0] for row in READING}):
        return  # symbols and the titles of publications have no language of their own
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in (*NOT_WORDS, "facts", "name", "kind", "anchor", "code", "labels") or is_dataclass(
                getattr(value, field.name)
            ):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from texts(item)


def documents(settings: Settings, case: dict[str, Any]) -> list[Any]:
    results = market_results(**{"pharmacies": 10, **case})
    return [build_report(results, settings), build_workbook(results, settings), build_deck(results, settings)]


def all_overviews(settings: Settings) -> list[Any]:
    lines = [
        summarise(market_results(**{"pharmacies": 10, **case}), settings, folder="m", files=("report.html",))
        for case in CASES.values()
    ]
    failed = failed_market("ZZ", "")
    across = overview_results(markets=5)
    page = build_overview([*lines, failed], settings, as_of="2024-01-31", across=across)
    return [page, build_across(page, [*lines, failed], across, settings)]


# --- the files --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GERMAN, ids=lambda path: path.stem)
def test_every_message_of_the_code_is_translated_and_none_is_left_over(path: Path) -> None:
    assert catalogue.faults(catalogue.read(path), template()) == []


def test_the_template_is_what_the_code_says() -> None:
    assert catalogue.TEMPLATE.read_bytes() == catalogue.as_bytes(template()), (
        "run python scripts/catalogue.py, translate what is new in locale/*.po, run it again"
    )


def test_catalogues_are_in_the_form_that_the_command_writes() -> None:
    assert (CATALOGUES / "de.po").read_bytes() == catalogue.as_bytes(german())


def test_german_speaks_of_association_not_of_cause() -> None:
    for message in german():
        if message.id and "associated" in str(message.id):
            assert "geht einher mit" in str(message.string)


def test_german_keeps_the_full_stop_of_sentences() -> None:
    for message in german():
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        results = [message.string] if isinstance(message.string, str) else list(message.string)
        if sources[0]:
            assert {text.endswith(".") for text in sources} == {text.endswith(".") for text in results}, sources[0]


# --- finding messages ---------------------------------------------------------------------------

SOURCE = """
w.say("One.")
_("Two") if x else w.say("Three" if y else "Four", a=1)
kit.plural("{count} row", "{count} rows", n)
w.by_period("month", "week")
w.say(found)
other("Five")
TABLE = {"a": mark("Six " "joined")}
"""


def test_messages_are_found_in_calls_choices_and_tables() -> None:
    found = {message for _, _, message in catalogue.messages_of(SOURCE, frozenset(catalogue.KEYWORDS))}
    singles = {"One.", "Two", "Three", "Four", "month", "week", "Six joined"}
    assert found == singles | {("{count} row", "{count} rows")}


def test_every_kind_of_fault_is_named() -> None:
    wanted, held = Catalog(), Catalog(locale="de")
    for text in ("gone missing", "empty", "{a} kept", "good"):
        wanted.add(text)
    held.add("empty")
    held.add("{a} kept", "{b} behalten")
    held.add("good", "gut", flags=["fuzzy"])
    held.add("old", "alt")
    assert catalogue.faults(held, wanted) == [
        "fuzzy: good",
        "missing: gone missing",
        "obsolete: old",
        "other placeholders: {a} kept",
        "untranslated: empty",
    ]


def test_ids_stay_with_sentences_that_are_worded_anew() -> None:
    before, now = Catalog(), Catalog()
    for text in ("Sales average {sales} a month.", "Keep recording.", "Gone."):
        before.add(text)
    catalogue.identify(before, Catalog())
    assert before["Keep recording."].auto_comments == [catalogue.new_id("Keep recording.")]
    for text in ("On average sales are {sales} a month.", "Sales average {sales} per month.", "Keep recording.", "New"):
        now.add(text)
    catalogue.identify(now, before)
    ids = {message.id: message.auto_comments[0] for message in now if message.id}
    assert ids["Keep recording."] == catalogue.new_id("Keep recording.")
    old = catalogue.new_id("Sales average {sales} a month.")
    assert list(ids.values()).count(old) == 1
    assert ids["New"] == catalogue.new_id("New")
    assert len(set(ids.values())) == len(ids)


def test_every_sentence_has_an_id_of_its_own() -> None:
    ids = [message.auto_comments[0] for message in template() if message.id]
    assert len(ids) == len(set(ids)) > 1000
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


def test_signs_of_a_merge_do_not_stop_the_command(tmp_path: Path) -> None:
    path = tmp_path / "de.po"
    content = catalogue.as_bytes(german())
    path.write_bytes(content.replace(b'msgid "Works"', b'<<<<<<< HEAD\n=======\n>>>>>>> x\nmsgid "Works"'))
    assert catalogue.read(path)["Works"].string == german()["Works"].string


def test_the_command_checks_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(catalogue, "CATALOGUES", tmp_path)
    monkeypatch.setattr(catalogue, "TEMPLATE", tmp_path / "messages.pot")
    collected = template()
    monkeypatch.setattr(catalogue, "collect", lambda: collected)
    catalogue.write(tmp_path / "de.po", Catalog(locale="de"))
    assert catalogue.main(["--check"]) == 1
    assert "messages.pot: not what the code says" in capsys.readouterr().out
    assert catalogue.main([]) == 1
    assert "de.po: untranslated: Works" in capsys.readouterr().out
    (tmp_path / "de.po").write_bytes(catalogue.as_bytes(german()))
    assert catalogue.main(["--check"]) == 0


# --- the documents ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Masked:
    """A language in which every letter of a catalogued message is a dot: what stays readable was never looked up."""

    known: frozenset[str]

    def gettext(self, message: str) -> str:
        if message not in self.known:
            return message
        return re.sub(r"(\{\w*\})|[A-Za-z]", lambda found: found[1] or "·", message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.gettext(singular if count == 1 else plural)


OWN = re.compile(
    r"https?://\S+|report\.(html|pdf)|[a-f0-9]{16}|\w+\.(csv|py)|\b\w+_\w+\b"  # addresses, hashes, files, columns
    r"|\b(PL-01|DE|ZZ|PDF|REML|ML|BLUP|Intercept|Residual|Adstock|Bootstrap|bootstrap|promotion|JPY|statsmodels|numpy|python)\b"
)
"""Words that are the same in every language: names of data, columns, programs and methods."""
CODES = re.compile(
    r"^#[0-9a-f]{6}$|^[a-z]+(-[a-z0-9]+)*$|^[a-z]+\.[a-z]+$|^(import|smf|data|groups|re_formula|\)\.fit)|statsmodels"
)


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> Settings:
    known = {part for m in template() if m.id for part in ([m.id] if isinstance(m.id, str) else m.id)}
    monkeypatch.setattr(language, "_translations", lambda locale, folder: Masked(frozenset(known)))
    return Settings(report=ReportSettings(locale="ja_JP", currency="JPY", promotion_unit="回"))


def readable(value: Any) -> list[str]:
    return sorted({
        text for text in texts(value) if re.search(r"[A-Za-z]{3}", OWN.sub("", text)) and not CODES.match(text)
    })  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_no_word_of_a_report_bypasses_the_catalogue(case: str, masked: Settings) -> None:
    assert readable(documents(masked, CASES[case])) == []


def test_no_word_of_the_overview_or_the_site_bypasses_the_catalogue(masked: Settings) -> None:
    assert readable([all_overviews(masked), site_words(Language("ja"))]) == []


def english_left(value: Any) -> set[str]:
    """Long English messages whose German is different and that still stand in a document."""
    shown = "\n".join(texts(value))
    found = set()
    for message in german():
        for source, result in _pairs(message):
            parts = [part.strip() for part in re.split(r"\{\w*\}", source)]
            longest = max(parts, key=len)
            if len(longest) > 12 and longest not in result and longest in shown:
                found.add(source)
    return found


def _pairs(message: Any) -> list[tuple[str, str]]:
    if not message.id:
        return []
    return [(message.id, message.string)] if isinstance(message.id, str) else list(
        zip(message.id, message.string, strict=True)
    )  # fmt: skip


GERMANY = Settings(report=ReportSettings(locale="de_DE", currency="EUR", promotion_unit="Besuch"))


@pytest.mark.parametrize("case", CASES)
def test_no_english_is_left_in_a_german_report(case: str) -> None:
    made = documents(GERMANY, CASES[case])
    assert made[0].lang == "de-DE"
    assert english_left(made) == set()


def test_no_english_is_left_in_a_german_overview() -> None:
    assert english_left([all_overviews(GERMANY), site_words(Language("de_DE"))]) == set()


def test_german_plurals_follow_the_number() -> None:
    german_words = Language("de_AT")
    forms = {n: german_words.ngettext("{count} pharmacy", "{count} pharmacies", n) for n in (0, 1, 2)}
    assert forms == {0: "{count} Apotheken", 1: "{count} Apotheke", 2: "{count} Apotheken"}


# --- a language per market ----------------------------------------------------------------------

MIXED = Settings(report=ReportSettings(locale="en_IN", locales={"DE-*": "de_DE", "AR-*": "ar_EG"}))  # type: ignore[arg-type]


def test_a_market_may_have_its_own_language() -> None:
    inside, outside = (build_report(market_results(market=m, pharmacies=10), MIXED) for m in ("DE-07", "IN-01"))
    assert (inside.lang, inside.title) == ("de-DE", "Wirkung der Promotion")
    assert (outside.lang, outside.title) == ("en-IN", "Promotion impact")
    assert inside.facts
    assert {fact.source for fact in inside.facts} == {fact.source for fact in outside.facts}
    assert build_workbook(market_results(market="DE-07", pharmacies=10), MIXED).sheets[0].name == "Zusammenfassung"


def test_the_overview_keeps_the_language_of_the_run() -> None:
    line = summarise(market_results(market="DE-07", status="not-estimable", pharmacies=10), MIXED, folder="m", files=())
    assert line.reason.isascii()
    assert "pharmacies" in line.reason or "column" in line.reason


def test_the_page_says_the_language_of_its_words_not_of_its_numbers() -> None:
    report = build_report(market_results(market="AR-01", pharmacies=10), MIXED)
    assert (report.lang, report.direction, report.title) == ("en", "ltr", "Promotion impact")


def test_a_missing_market_locale_is_the_locale_of_the_run() -> None:
    assert MIXED.for_market("IN-01") is MIXED
    assert MIXED.for_market("DE-07").report.locale == "de_DE"
