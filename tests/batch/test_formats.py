"""Which documents a run makes: what is asked for, what is there, and what this machine can make."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.batch import formats
from reportgen.batch.formats import Formats, choose_formats
from reportgen.errors import EnvironmentMissing
from reportgen.render import pdf
from reportgen.render.pdf import pango
from reportgen.settings.read import load_settings


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pango, "pango_missing", lambda: True)


def test_what_is_there_stays_unless_only_is_said() -> None:
    asked = frozenset({"xlsx"})
    assert Formats(asked=asked).of(("html", "pdf")) == ("html", "pdf", "xlsx")
    assert Formats(asked=asked, only=True).of(("html", "pdf")) == ("xlsx",)
    assert Formats(asked=frozenset({"results"})).of(("html",)) == ("html",)
    assert Formats(asked=frozenset({"results"})).of() == ("results",)
    assert Formats(asked=frozenset({"html", "pdf", "brief"}), lacking=formats.PRINTED).of(("pdf",)) == ("html",)


@pytest.mark.usefixtures("without_pango")
def test_without_pango_the_default_is_everything_but_pdf_with_one_warning(tmp_path: Path) -> None:
    chosen = choose_formats(load_settings(tmp_path / "none").settings, only=False, elsewhere=False)
    assert chosen.of() == ("html",)
    assert len(chosen.warnings([])) == 1
    assert "apt-get install libpango-1.0-0" in chosen.warnings([])[0]


@pytest.mark.usefixtures("without_pango")
@pytest.mark.parametrize("named", ["pdf", "html,brief"])
def test_pdf_that_was_asked_for_by_name_is_an_error_before_anything_is_built(tmp_path: Path, named: str) -> None:
    settings = load_settings(tmp_path / "none", overrides={"report.formats": named}).settings
    with pytest.raises(EnvironmentMissing, match="--formats html") as caught:
        choose_formats(settings, only=False, elsewhere=False)
    assert caught.value.exit_code == 7
    assert choose_formats(settings, only=False, elsewhere=True).lacking == frozenset(), "a cluster may have it"


@pytest.mark.usefixtures("without_pango")
def test_html_by_name_needs_no_pango_and_no_warning(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none", overrides={"report.formats": "html"}).settings
    chosen = choose_formats(settings, only=False, elsewhere=False)
    assert (chosen.of(), chosen.warnings([])) == (("html",), [])


def test_this_machine_has_what_pdf_needs() -> None:
    assert not pango.pango_missing()


@pytest.mark.usefixtures("without_pango")
def test_typst_needs_no_pango_and_its_missing_wheel_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(tmp_path / "none", overrides={"report.pdf_engine": "typst"}).settings
    assert choose_formats(settings, only=False, elsewhere=False).of() == ("brief", "html", "pdf")
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    with pytest.raises(EnvironmentMissing, match=r"pip install 'reportgen-lmm\[typst\]'. Without PDF: --formats html"):
        choose_formats(settings, only=False, elsewhere=False)
