"""Slides, words and order of a project through whole runs: made, up to date, made again when their file changes."""

from __future__ import annotations

from pathlib import Path

import pptx
import pytest

from real_runs import RealProject, small_table

OUTLINE = '[[section]]\nname = "trust"\n'


@pytest.fixture
def project(tmp_path: Path) -> RealProject:
    made = RealProject(tmp_path)
    made.write(small_table("A", "B"), report={"formats": ["html", "pptx"]}, brand={"name": "Example"})
    return made


def titles(path: Path) -> list[str]:
    return [slide.shapes.title.text_frame.text for slide in pptx.Presentation(str(path)).slides]


def test_slides_of_markets_and_of_all_are_made_and_follow_template_words_and_order(project: RealProject) -> None:
    assert project.run("build", "--quiet").code == 0
    decks = sorted(project.out.glob("markets/*/slides.pptx"))
    assert len(decks) == 2
    whole = project.out / "site" / "slides.pptx"
    assert len(titles(whole)) >= 3
    assert 'href="slides.pptx"' in (project.out / "site" / "index.html").read_text("utf-8")
    before = {path: path.read_bytes() for path in [*decks, whole]}
    again = project.run("build")
    assert "Nothing to do" in again.out
    # The company's template is a part of what slides are made from; nothing is fitted again for it.
    pptx.Presentation().save(str(project.root / "company.pptx"))
    (project.root / "words.toml").write_text('data-limits-and-next-step-0000 = "x"', "utf-8")
    project.write(brand={"slides": "company.pptx"}, report={"words": "words.toml", "templates": "mine"})
    refused = project.run("build")
    assert refused.code == 3
    assert "there is no sentence of this id; did you mean data-limits-and-next-step-" in refused.err
    (project.root / "words.toml").write_text("", "utf-8")
    (project.root / "mine").mkdir()
    (project.root / "mine" / "outline.toml").write_text(OUTLINE, "utf-8")
    listed = project.run("templates", "words", "All markets").out.splitlines()
    name = next(line.partition(" ")[0] for line in listed if line.endswith('= "All markets"'))
    (project.root / "words.toml").write_text(f'{name} = "Every region"\n', "utf-8")
    made = project.run("render")
    assert made.code == 0, made.err
    assert all(path.read_bytes() != content for path, content in before.items())
    assert pptx.Presentation(str(whole)).slide_width == pptx.Presentation().slide_width
    assert "Every region" in (project.out / "site" / "index.html").read_text("utf-8")
    (page, _) = (path.read_text("utf-8") for path in sorted(project.out.glob("markets/*/report.html")))
    assert '<section id="trust"' in page
    assert '<section id="method"' not in page
    project.assert_sound()


def test_only_takes_slides_away(project: RealProject) -> None:
    assert project.run("build", "--quiet").code == 0
    told = project.run("build", "--formats", "html", "--only")
    assert "--only removes pptx of 2 markets." in told.err
    assert not list(project.out.rglob("slides.pptx"))
