"""The typefaces are there, cover what is printed, and their widths add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import EnvironmentMissing
from reportgen.report.typefaces import faces, widths
from reportgen.report.typefaces.outlines import outline, shaped_width


def test_every_face_is_a_static_file_of_an_installed_package() -> None:
    files = faces.font_files()
    assert all(path.is_file() for path in files.values())
    assert {path.parent for path in files.values()} == set(faces.font_folders())


def test_missing_font_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentMissing, match="pip install fontpkg-mukta"):
        faces.font_folder(faces.FALLBACK)


@pytest.mark.parametrize("sign", ["₹", "€", "−", "…", "√", "⋮", "“", "→", "·", "ß"])
def test_signs_of_our_charts_are_in_the_first_face_or_measured(sign: str) -> None:
    assert 0.1 < widths.text_width(sign, 1.0) < 1.2


def test_widths_add_up_and_bold_is_wider() -> None:
    assert widths.text_width("ab", 10) == pytest.approx(widths.text_width("a", 10) + widths.text_width("b", 10))
    assert widths.text_width("Pharmacy", 10, 600) > widths.text_width("Pharmacy", 10)
    assert widths.text_width("1111", 10) == pytest.approx(widths.text_width("8888", 10), rel=0.25)


@pytest.mark.parametrize("text", ["A long name of a pharmacy", "पुणे औषधालय के पास", "صيدلية النور المركزية"])
def test_text_is_shortened_inside_where_it_does_not_fit(text: str) -> None:
    short = widths.fit_text(text, 60, 11)
    head, _, tail = short.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert head
    assert tail
    assert widths.text_width(short, 11) <= 60.01
    assert widths.fit_text(text, 1000, 11) == text


def test_registering_makes_the_family_known_to_matplotlib() -> None:
    from matplotlib import font_manager

    faces.register_fonts()
    assert faces.FAMILY in {entry.name for entry in font_manager.fontManager.ttflist}
    assert Path(font_manager.findfont("Mukta")).name.startswith("Mukta")


def test_joined_letters_are_narrower_than_their_parts() -> None:
    assert shaped_width("क्षि") < sum(shaped_width(letter) for letter in ("क", "ष", "ि"))
    assert outline(" ") == ()
    assert outline("क")[0][0] == "M"


@pytest.mark.parametrize("face", sorted(faces.font_files()))
def test_widths_read_from_the_tables_are_those_of_freetype(face: tuple[str, int, str]) -> None:
    from matplotlib.ft2font import FT2Font, LoadFlags

    family, weight, style = face
    if style != "normal":
        return
    theirs = FT2Font(str(faces.font_files()[face]))
    ours = widths._widths(family, weight)
    assert set(ours) == set(theirs.get_charmap())
    for code in ours:
        advance = theirs.load_char(code, flags=LoadFlags.NO_SCALE).horiAdvance
        assert ours[code] == advance / theirs.units_per_EM, chr(code)
