"""Order of a report by the user: sections and blocks added, dropped and moved by name, in HTML, PDF and Quarto."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pypdfium2
import pytest

from factories import calibrations, channel_results, curved, experiment, market_results, territory_results
from reportgen.errors import ConfigError
from reportgen.render.html import render_report
from reportgen.render.outline import arranged, block_name
from reportgen.render.pdf import report_pdf
from reportgen.render.quarto import market_files
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.report.words.language import Language
from reportgen.report.words.publishing import site_words
from reportgen.resources import templates_dir
from reportgen.results import ClassEffect, EffectSize, MarketResults, ModeratorEffects
from reportgen.settings.outline import FILE, Entry, known, read_outline
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings

_SIZE = EffectSize(estimate=310.0, lower=250.0, upper=370.0)
_CLASS = ClassEffect(name="Large", pharmacies=12, channel="promotion", first_period=_SIZE, kept_up=_SIZE)
_CLASSES = ModeratorEffects(column="size", classes=(_CLASS,), statistic=4.0, df=(1.0, 9.0), p=0.1)
CASES: tuple[MarketResults, ...] = (
    market_results(),
    market_results(period="week", response="log", cost=None),
    market_results(status="singular"),
    market_results(status="not-estimable"),
    market_results(status="not-estimated"),
    market_results(pharmacies=150),
    market_results(design="experiment", experiment=experiment()),
    market_results(calibration=calibrations(alone=True)),
    market_results(moderators=(_CLASSES,)),
    channel_results(("visits", "samples"), clear=1),
    curved(market_results()),
    territory_results("periods"),
    territory_results("clustered"),
)  # fmt: skip
HEAD = """\
# {{signs}}
# Sections of a report after its first page, in order: the same for report.html, report.pdf and Quarto. To change them,
# leave a section out, move it, or write blocks = [...] with the blocks that it is to have; "*" is all the rest.
# A section of your own: name = "our-view", title = "Our view", blocks = [{text = "Agreed for {market}, {period}."}];
# such a paragraph may stand among the blocks of any section, too. Names are those of the addresses in a page.
"""


@pytest.fixture(scope="module")
def usual() -> MarketReport:
    return build_report(CASES[0], Settings())


def written(tmp_path: Path, text: str) -> tuple[Entry, ...] | None:
    (tmp_path / "templates").mkdir(exist_ok=True)
    (tmp_path / "templates" / FILE).write_text(text, "utf-8")
    settings = tmp_path / "reportgen.toml"
    settings.write_text('[report]\ntemplates = "templates"\n')
    return read_outline(load_settings(settings).settings.report.template_folder(tmp_path))


def test_our_outline_names_every_section_and_block_there_is() -> None:
    found: dict[str, list[str]] = {}
    for results in CASES:
        for section in build_report(results, Settings()).sections:
            names = found.setdefault(section.anchor, [])
            place = 0
            for name in map(block_name, section.blocks):
                if name in names:
                    place = max(place, names.index(name) + 1)
                else:
                    names.insert(place, name)
                    place += 1
    order = [*(s.anchor for s in build_report(CASES[0], Settings()).sections)]
    ranked = sorted(found, key=lambda name: order.index(name) if name in order else -1)
    blocks = {name: ", ".join(f'"{one}"' for one in found[name]) for name in ranked}
    text = HEAD.replace("# {{signs}}\n", "")
    text += "".join(f'\n[[section]]\nname = "{name}"\n# blocks = [{blocks[name]}]\n' for name in ranked)
    path = templates_dir() / FILE
    if os.environ.get("REPORTGEN_UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
        known.cache_clear()
    assert path.read_text("utf-8") == text, "REPORTGEN_UPDATE_GOLDEN=1 writes it anew"


@pytest.mark.parametrize("k", range(len(CASES)))
def test_our_outline_changes_nothing(k: int) -> None:
    report = build_report(CASES[k], Settings())
    assert arranged(report, read_outline(templates_dir())) == report
    assert arranged(report, None) is report


EXAMPLE = """
[[section]]
name = "trust"
blocks = ["tab-checks", {text = "Agreed with the team of {market}."}]

[[section]]
name = "our-view"
title = "Our view"
blocks = [{text = "Visits stay as they are until June."}]

[[section]]
name = "*"

[[section]]
name = "carry-over"
"""


def test_sections_and_blocks_are_added_dropped_and_moved_in_html_pdf_and_quarto(
    tmp_path: Path, usual: MarketReport
) -> None:
    report = arranged(usual, written(tmp_path, EXAMPLE.replace('name = "*"', 'name = "method"')))
    assert [section.anchor for section in report.sections] == ["trust", "our-view", "method", "carry-over"]
    assert [section.number for section in report.sections] == ["2", "3", "4", "5"]
    page = render_report(report)
    assert re.findall(r'<section id="([\w-]+)" aria', page) == ["trust", "our-view", "method", "carry-over"]
    assert re.findall(r'<li><a href="#([\w-]+)"', page) == ["summary", "trust", "our-view", "method", "carry-over"]
    paper = " ".join(
        " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(report_pdf(report))).split()
    )
    quarto = market_files(report, site_words(Language("en")))["index.qmd"].decode()
    for text in (page, paper, quarto):
        assert "Agreed with the team of PL-01." in text or "Agreed with the team of PL\\-01." in text
        assert "Visits stay as they are until June." in text
        assert text.index("Visits stay") < text.rindex("Provenance")
        assert "Against ordinary regression" not in text
    assert "fig-residuals" not in page
    assert "fig-residuals" not in quarto


def test_the_rest_stands_where_the_star_is(tmp_path: Path, usual: MarketReport) -> None:
    report = arranged(usual, written(tmp_path, EXAMPLE))
    names = [section.anchor for section in report.sections]
    assert names[:2] == ["trust", "our-view"]
    assert names[-1] == "carry-over"
    assert set(names) == {section.anchor for section in usual.sections} | {"our-view"}
    moved = arranged(usual, written(tmp_path, '[[section]]\nname = "pharmacies"\nblocks = ["tab-pharmacies", "*"]\n'))
    blocks = [block_name(block) for block in moved.sections[0].blocks]
    assert blocks[0] == "tab-pharmacies"
    assert len(blocks) == len(next(s for s in usual.sections if s.anchor == "pharmacies").blocks)


def test_sections_that_a_market_lacks_are_passed_over(tmp_path: Path) -> None:
    report = arranged(build_report(CASES[3], Settings()), written(tmp_path, EXAMPLE))
    assert [section.anchor for section in report.sections] == ["our-view", "data", "method"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[section]]\nname = "pharmacy"', "pharmacy: there is no section of this name; did you mean pharm"),
        ('[[section]]\nname = "trust"\nblocks = ["tab-cheks"]', "trust: it has no block 'tab-cheks'; did you mean"),
        ('[[section]]\nname = "trust"\nblocks = [{text = "{sales}"}]', "trust: unknown placeholder {sales}; there"),
        ('[[section]]\nname = "trust"\nblocks = [{text = "{market.x}"}]', "unknown placeholder {market.x}"),
        ('[[section]]\nname = "ours"\ntitle = "Ours"\nblocks = ["tab-checks"]', "ours: a section of your own has"),
        ('[[section]]\nname = "trust"\n[[section]]\nname = "trust"', "[[section]] trust: it stands twice."),
        ('[[section]]\ntitle = "x"', "[[section]] number 1: give it a name"),
        ('[[section]]\nname = "<b>"', "[[section]] number 1: give it a name"),
        ('[[section]]\nname = "trust"\norder = 1', "trust: there is no order; write name, title and blocks."),
        ('sections = ["trust"]', "write sections as [[section]]"),
        ("= 1", "outline.toml, line 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_when_settings_are_read(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, text)
    assert 'reportgen.toml, line 2: report.templates = "templates": outline.toml' in caught.value.message
    assert said in caught.value.message


def test_the_example_of_the_documentation_can_be_used(tmp_path: Path, usual: MarketReport) -> None:
    page = Path(__file__).parents[2] / "docs/how-to/brand-templates.md"
    text = page.read_text("utf-8").partition("templates eject outline.toml")[2]
    outline = written(tmp_path, textwrap.dedent(text.partition("```toml\n")[2].partition("```")[0]))
    assert arranged(usual, outline).sections[0].anchor == "trust"
