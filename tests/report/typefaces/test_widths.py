"""The typefaces are there, cover what is printed, and their widths add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import EnvironmentMissing
from reportgen.report.typefaces import widths as fonts
from reportgen.report.typefaces.outlines import outline, outlined, shaped_width


def test_every_face_is_a_static_file_of_an_installed_package() -> None:
    files = fonts.font_files()
    assert all(path.is_file() for path in files.values())
    assert {path.parent for path in files.values()} == set(fonts.font_folders())


def test_missing_font_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentMissing, match="pip install fontpkg-mukta"):
        fonts.font_folder(fonts.FALLBACK)


@pytest.mark.parametrize("sign", ["₹", "€", "−", "…", "√", "⋮", "“", "→", "·", "ß"])
def test_signs_of_our_charts_are_in_the_first_face_or_measured(sign: str) -> None:
    assert 0.1 < fonts.text_width(sign, 1.0) < 1.2


def test_widths_add_up_and_bold_is_wider() -> None:
    assert fonts.text_width("ab", 10) == pytest.approx(fonts.text_width("a", 10) + fonts.text_width("b", 10))
    assert fonts.text_width("Pharmacy", 10, 600) > fonts.text_width("Pharmacy", 10)
    assert fonts.text_width("1111", 10) == pytest.approx(fonts.text_width("8888", 10), rel=0.25)


@pytest.mark.parametrize("text", ["A long name of a pharmacy", "पुणे औषधालय के पास", "صيدلية النور المركزية"])
def test_text_is_shortened_inside_where_it_does_not_fit(text: str) -> None:
    short = fonts.fit_text(text, 60, 11)
    head, _, tail = short.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert head
    assert tail
    assert fonts.text_width(short, 11) <= 60.01
    assert fonts.fit_text(text, 1000, 11) == text


def test_registering_makes_the_family_known_to_matplotlib() -> None:
    from matplotlib import font_manager

    fonts.register_fonts()
    assert fonts.FAMILY in {entry.name for entry in font_manager.fontManager.ttflist}
    assert Path(font_manager.findfont("Mukta")).name.startswith("Mukta")


def test_joined_letters_are_narrower_than_their_parts() -> None:
    assert shaped_width("क्षि") < sum(shaped_width(letter) for letter in ("क", "ष", "ि"))
    assert outline(" ") == ()
    assert outline("क")[0][0] == "M"


def test_labels_keep_place_and_look_when_they_become_shapes() -> None:
    labels = '<text x="50" y="20">पुणे</text><text x="5" y="9">A</text>'
    svg = f'<svg><g fill="#111111" font-size="10" text-anchor="end">{labels}</g></svg>'
    made = outlined(svg)
    assert '<text x="5" y="9">A</text>' in made
    assert "पुणे" not in made
    left = 50 - 10 * shaped_width("पुणे")
    first = float(made.split('d="M')[1].split()[0])
    assert left - 1 <= first <= 50
    assert outlined("<svg><text>plain</text></svg>") == "<svg><text>plain</text></svg>"
