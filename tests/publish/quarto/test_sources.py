"""The Quarto project of a run: what is written, written again, kept, removed; what a bad market costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from quarto_runs import put, small
from reportgen.batch.request import Request
from reportgen.batch.state import files
from reportgen.errors import LockedError, NothingSelectedError, UsageError
from reportgen.publish.quarto.record import NAME, read_written
from reportgen.publish.quarto.sources import choose_formats, write_sources
from reportgen.results import to_json
from reportgen.settings.sections import Settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, small("A"))
    put(tmp_path, small("B", 2, "not-estimable"))
    return tmp_path


SETTINGS = Settings.model_validate({"run": {"jobs": 1}})


def tree(project: Path) -> dict[str, bytes]:
    """Every file of a project but for its record and lock."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.name not in {NAME, ".lock"}
    }


def stamps(project: Path) -> dict[str, int]:
    return {p.relative_to(project).as_posix(): p.stat().st_mtime_ns for p in project.rglob("*.*") if p.is_file()}


def page(market: str) -> str:
    return f"markets/{files.slug(market)}/index.qmd"


def test_project_lives_through_its_changes(root: Path, tmp_path: Path) -> None:
    """One story, because every step starts a worker: write, repeat, change, damage, edit, remove."""
    project = tmp_path / "site"
    first = write_sources(SETTINGS, root, project)
    assert (first.markets, first.drawn, first.exit_code, first.warnings) == (2, 2, 0, ())
    made = tree(project)
    assert {"_quarto.yml", "index.qmd", "method.qmd", "markets/listing.yml", page("A"), page("B")} <= set(made)
    assert set(first.pages) == {n for n in made if n.endswith(".qmd")}
    assert not [n for n in made if n.startswith(".new") or "/.new" in n]

    before = stamps(project)
    second = write_sources(SETTINGS, root, project)
    assert (second.drawn, second.exit_code) == (0, 0)
    assert stamps(project) == before

    put(root, small("A", 5))
    third = write_sources(SETTINGS, root, project)
    assert third.drawn == 1
    after = stamps(project)
    touched = {name for name in after if after[name] != before.get(name)}
    assert page("A") in touched
    assert not [name for name in touched if files.slug("B") in name]
    assert "theme/light.scss" not in touched
    assert "_quarto.yml" not in touched

    damaged = project / page("B")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    assert write_sources(SETTINGS, root, project).drawn == 1
    assert damaged.read_bytes() == whole

    configuration = project / "_quarto.yml"
    configuration.write_text(configuration.read_text("utf-8") + "# mine\n", encoding="utf-8")
    edited = configuration.read_bytes()
    put(root, small("A", 6))
    kept = write_sources(SETTINGS, root, project)
    assert configuration.read_bytes() == edited
    assert "stays as it is" in kept.warnings[0]

    files.discard(root / "out" / "markets" / files.slug("B"))
    last = write_sources(SETTINGS, root, project)
    assert last.markets == 1
    assert not (project / "markets" / files.slug("B")).exists()
    assert files.slug("B") not in (project / "index.qmd").read_text("utf-8")
    assert set(read_written(project).markets) == {files.slug("A")}


def test_two_projects_of_one_run_are_byte_equal_whatever_the_workers(root: Path, tmp_path: Path) -> None:
    write_sources(SETTINGS, root, tmp_path / "one")
    write_sources(Settings.model_validate({"run": {"jobs": 2}}), root, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_bad_results_cost_one_market(root: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    write_sources(SETTINGS, root, clean)
    folder = put(root, small("C", 3))
    (folder / "results.json").write_bytes(b'{"schema_version": 1, "market"')
    project = tmp_path / "site"
    made = write_sources(SETTINGS, root, project)
    assert made.exit_code == 1
    assert [failure.market for failure in made.failed] == ["C"]
    assert made.failed[0].code
    assert {n: b for n, b in tree(project).items() if n.startswith("markets/")} == {
        n: b for n, b in tree(clean).items() if n.startswith("markets/")
    }
    put(root, small("C", 3))
    again = write_sources(SETTINGS, root, project)
    assert (again.exit_code, again.drawn, again.markets) == (0, 1, 3)


def test_broken_template_override_is_named_with_file_and_line(root: Path, tmp_path: Path) -> None:
    (root / "mine").mkdir()
    (root / "mine" / "brief.qmd.j2").write_text("line\n<< nowhere >>\n", encoding="utf-8")
    settings = Settings.model_validate({"run": {"jobs": 1}, "report": {"templates": "mine"}})
    made = write_sources(settings, root, tmp_path / "site", Request(select=["A"]))
    assert made.exit_code == 1
    assert "brief.qmd.j2, line 2" in made.failed[0].message


def test_selected_markets_only_and_others_stay(root: Path, tmp_path: Path) -> None:
    project = tmp_path / "site"
    assert write_sources(SETTINGS, root, project, Request(select=["A"])).markets == 1
    assert not (project / "markets" / files.slug("B")).exists()
    both = write_sources(SETTINGS, root, project, Request(select=["B"]))
    assert (both.markets, both.drawn) == (2, 1)


def test_nothing_built_and_nothing_selected_are_said(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingSelectedError, match="no results yet"):
        write_sources(SETTINGS, tmp_path / "empty", tmp_path / "site")
    with pytest.raises(NothingSelectedError, match="no market matches X"):
        write_sources(SETTINGS, root, tmp_path / "site", Request(select=["X"]))


def test_second_writer_is_refused(root: Path, tmp_path: Path) -> None:
    from reportgen.batch.state.lock import hold_lock

    with hold_lock(tmp_path / "site"), pytest.raises(LockedError):
        write_sources(SETTINGS, root, tmp_path / "site")


def test_formats_are_checked_and_ordered() -> None:
    assert choose_formats("pdf, html") == ("html", "pdf")
    assert choose_formats("typst,typst") == ("typst",)
    for bad in ("docx", "", "html,epub"):
        with pytest.raises(UsageError, match="html, typst, pdf"):
            choose_formats(bad)


def test_torn_record_counts_as_none(root: Path, tmp_path: Path) -> None:
    project = tmp_path / "site"
    write_sources(SETTINGS, root, project)
    (project / NAME).write_bytes((project / NAME).read_bytes()[:-20])
    assert read_written(project).markets == {}
    assert write_sources(SETTINGS, root, project).drawn == 2


def test_pages_of_a_build_with_the_format_are_taken_over_unless_damaged(tmp_path: Path) -> None:
    from reportgen.batch.market import MarketJob, documents, publish
    from reportgen.batch.state.fingerprint import fingerprint

    results = small("A")
    slug = files.slug("A")
    job = MarketJob(
        market="A", folder=tmp_path / "out" / "markets" / slug, root=tmp_path, settings=SETTINGS, as_of="2024-01-31",
        stamp=fingerprint(SETTINGS, tmp_path), formats=("quarto",),
    )  # fmt: skip
    content = {"results.json": to_json(results), **dict(documents(results, job))}
    publish(job, results, content)
    pages = job.folder / "quarto"
    assert {"index.qmd", "brief.qmd", "figures"} == {path.name for path in pages.iterdir()}
    write_sources(SETTINGS, tmp_path, tmp_path / "one")
    own = {f"markets/{slug}/{p.relative_to(pages).as_posix()}": p.read_bytes() for p in pages.rglob("*.*")}
    assert own.items() <= tree(tmp_path / "one").items()
    (pages / "index.qmd").write_bytes(b"damaged")
    write_sources(SETTINGS, tmp_path, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_each_market_in_its_language_and_the_site_in_its_own(tmp_path: Path) -> None:
    put(tmp_path, small("DE-1"))
    put(tmp_path, small("PL-1", 2))
    settings = Settings.model_validate(
        {"run": {"jobs": 1}, "report": {"locale": "en_IN", "locales": {"DE-*": "de_DE"}}}
    )
    project = tmp_path / "site"
    write_sources(settings, tmp_path, project)
    texts = {name: body.decode() for name, body in tree(project).items() if name.endswith((".qmd", ".yml"))}
    assert 'lang: "de-DE"' in texts[page("DE-1")]
    assert "All markets" not in texts[page("DE-1")]
    assert 'lang: "en-IN"' in texts[page("PL-1")]
    for name in ("index.qmd", "method.qmd", "_quarto.yml"):
        assert 'lang: "en-IN"' in texts[name]
