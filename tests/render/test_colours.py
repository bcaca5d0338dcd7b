"""Colours in light and dark: every colour that writes or draws stands out from what it lies on (WCAG 2.2 AA)."""

from __future__ import annotations

import re

import pytest

from factories import market_results
from reportgen.render.html import render_report, style
from reportgen.report.document import build_report
from reportgen.settings.sections import Settings

TEXT, DRAWN = 4.5, 3.0
SOFT = ("good", "mixed", "unsure", "none", "bad", "unknown")


def _tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", css))


def _schemes() -> dict[str, dict[str, str]]:
    light, _, dark = style("screen").partition("@media screen and (prefers-color-scheme: dark)")
    tokens = _tokens(light)
    return {"light": tokens, "dark": tokens | _tokens(dark)}


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_marks_stand_out(scheme: str) -> None:
    tokens = _schemes()[scheme]
    for name in ("ink", "muted", "accent", "second"):
        assert _contrast(tokens[name], tokens["paper"]) >= TEXT, name
    for name in ("ink", "muted", "accent"):
        assert _contrast(tokens[name], tokens["ground"]) >= TEXT, name
    assert _contrast(tokens["faint"], tokens["paper"]) >= DRAWN
    for name in SOFT:
        assert _contrast(tokens[name], tokens[f"{name}-soft"]) >= TEXT, name


def test_dark_gives_every_colour_a_value_of_its_own() -> None:
    schemes = _schemes()
    assert {name for name, colour in schemes["light"].items() if schemes["dark"][name] == colour} == set()


def test_charts_on_a_page_have_only_colours_that_follow_the_scheme() -> None:
    page = render_report(build_report(market_results(pharmacies=20), Settings()))
    charts = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(charts) > 20
    for chart in charts:
        assert re.findall(r'(?:fill|stroke)="(#(?!000")[0-9a-f]+)"', chart) == []
