"""Sentences of the user's own: found by id, checked when settings are read, the same in every document."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pypdfium2
import pytest

from factories import market_results, overview_results
from reportgen.errors import ConfigError
from reportgen.render.html import render_overview, render_report
from reportgen.render.pdf import report_pdf
from reportgen.render.quarto import market_files
from reportgen.report.document import build_report
from reportgen.report.site.market_line import summarise
from reportgen.report.site.overview import build_overview
from reportgen.report.words.language import Language, language_of
from reportgen.report.words.publishing import site_words
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings
from reportgen.settings.words import sentences


def id_of(text: str) -> str:
    return next(
        one.id
        for one in sentences().values()
        if text in ((one.message,) if isinstance(one.message, str) else one.message)
    )


def project(tmp_path: Path, words: str, more: str = "") -> Path:
    (tmp_path / "words.toml").write_text(words, "utf-8")
    path = tmp_path / "reportgen.toml"
    path.write_text(f'[report]\nwords = "words.toml"\n{more}', "utf-8")
    return path


def read(tmp_path: Path, words: str, more: str = "") -> Settings:
    return load_settings(project(tmp_path, words, more)).settings


TITLE, SALES, PHARMACY = (
    id_of("Can we trust it?"),
    id_of("Sales average {sales} {per_pharmacy}."),
    id_of("{count} pharmacy"),
)


def test_a_sentence_is_replaced_in_html_pdf_and_quarto(tmp_path: Path) -> None:
    words = (
        f'{TITLE} = "How far does this hold?"\n'
        f'{SALES} = "A typical pharmacy sells {{sales}} {{per_pharmacy}}."\n'
        f'{PHARMACY} = ["{{count}} outlet", "{{count}} outlets"]\n'
    )
    settings = read(tmp_path, words)
    report = build_report(market_results(), settings)
    paper = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(report_pdf(report)))
    page = render_report(report)
    quarto = market_files(report, site_words(language_of(settings.report)))["index.qmd"].decode()
    for text in (page, " ".join(paper.split()), quarto):
        assert "How far does this hold?" in text
        assert "Can we trust it?" not in text
        assert "40 outlets" in text
        assert "A typical pharmacy sells" in text


def test_an_empty_text_leaves_the_sentence_out(tmp_path: Path) -> None:
    report = build_report(market_results(), read(tmp_path, f'{SALES} = ""\n'))
    assert "Sales average" not in render_report(report)
    assert "Promotion averages" in render_report(report)


def test_a_language_has_words_of_its_own(tmp_path: Path) -> None:
    settings = read(tmp_path, f'{TITLE} = "Everywhere"\n[de]\n{TITLE} = "Trägt das?"\n[de_AT]\n{TITLE} = "Geht das?"\n')
    said = {
        locale: language_of(settings.report.model_copy(update={"locale": locale})).gettext("Can we trust it?")
        for locale in ("en_IN", "de_DE", "de_AT")
    }
    assert said == {"en_IN": "Everywhere", "de_DE": "Trägt das?", "de_AT": "Geht das?"}
    assert Language("de_DE").gettext("Can we trust it?") != "Everywhere"


def test_pages_over_all_markets_say_them_too(tmp_path: Path) -> None:
    settings = read(
        tmp_path, f'{id_of("All markets")} = "Every region"\n{id_of("{lower} to {upper}")} = "{{lower}} … {{upper}}"\n'
    )
    line = summarise(market_results(), settings, folder="m", files=())
    page = render_overview(build_overview([line], settings, as_of="2024-01-31", across=overview_results(markets=3)))
    assert "<h1" in page
    assert "Every region" in page
    assert " … ₹" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("can-we-trust-it-0000 = 'x'", f"can-we-trust-it-0000: there is no sentence of this id; did you mean {TITLE}?"),
        ("zzzz = 'x'", "zzzz: there is no sentence of this id; `reportgen templates words` lists them."),
        (f"{SALES} = 'Sales {{sales}}.'", f"{SALES}: the placeholder {{per_pharmacy}} is missing; this sentence has"),
        (f"{TITLE} = 'Trust {{market}}?'", f"{TITLE}: unknown placeholder {{market}}; this sentence has none."),
        (f"{SALES} = '{{sales.__class__}} {{per_pharmacy}}'", f"{SALES}: unknown placeholder {{sales.__class__}}"),
        (f"{SALES} = '{{sales!r}} {{sales}} {{per_pharmacy}}'", f"{SALES}: unknown placeholder {{sales!r}}"),
        (f"{SALES} = '{{sales:>9999999999}} {{per_pharmacy}}'", f"{SALES}: unknown placeholder {{sales:>9999999999}}"),
        (f"{SALES} = 'half {{'", f"{SALES}: a brace has no partner"),
        (f"{TITLE} = 3", f"{TITLE}: write text in quotes."),
        (f"{TITLE} = ['a', 'b']", f"{TITLE}: write one text."),
        (f"[xx_yy_zz]\n{TITLE} = 'a'", "[xx_yy_zz] is no language"),
        (f"[de]\n{TITLE} = '{{x}}'", f"[de] {TITLE}: unknown placeholder {{x}}"),
        ("= 'x'", "words.toml, line 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_with_file_and_key_when_settings_are_read(
    tmp_path: Path, words: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, words)
    assert 'reportgen.toml, line 2: report.words = "words.toml": words.toml' in caught.value.message
    assert said in caught.value.message


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"zzzz = 'x'\n{TITLE} = '{{x}}'\n", "title = 3\n")
    assert len(caught.value.message.splitlines()) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = project(tmp_path, "")
    (tmp_path / "words.toml").unlink()
    with pytest.raises(ConfigError, match=r"there is no file words\.toml"):
        load_settings(path)


def test_markup_in_a_sentence_is_text(tmp_path: Path) -> None:
    settings = read(tmp_path, f"{TITLE} = '<script>alert(1)</script>'\n")
    page = render_report(build_report(market_results(), settings))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_example_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs/how-to/brand-templates.md"
    text = page.read_text("utf-8").partition('reportgen templates words "average"')[2]
    example = textwrap.dedent(text.partition("```toml\n")[2].partition("```")[0])
    settings = read(tmp_path, example)
    assert language_of(settings.report).gettext("Can we trust it?") == "How far does this hold?"
