"""Finished reports to HTML text.

Templates see the plain ``MarketReport`` (or ``Overview``), its charts as trusted SVG, and a ``Page`` of style and
script. Strictness, sandbox and errors of templates are those of ``environment.py``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from reportgen.render.charts.svg import write_svg
from reportgen.render.environment import fill, make_environment
from reportgen.render.market_list import STATIC, directory_data, list_data, shorten_list
from reportgen.render.script import compact, page_script
from reportgen.report.blocks import Brand, Chart, Labels, MarketReport, Table
from reportgen.report.figures.drawing.theme import Theme
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from collections.abc import Collection

    from jinja2 import Environment

    from reportgen.report.site.overview import Overview
    from reportgen.report.site.site_pages import Navigation

Medium = Literal["screen", "print"]
Script = Literal["", "overview", "directory", "search", "missing"]
"""What a page's script has besides that of every page."""
Fit = Mapping[str, str]
LOOSE: Fit = {}

_DEVANAGARI = re.compile("[\u0900-\u097f]")
_LETTER = (
    "@page{size:Letter}@page{margin-bottom:13mm}@page:first{margin-top:11mm}"
    ".summary>figure img{width:64%}.brief .summary:not(.tight)>figure img{width:74%}"
)
"""The sheet is 18 mm shorter, and the first page is to stay one."""
_SIGN = re.compile("−(?=[^\\s\\d<&])|\\+(?=[₹€£¥])")
"""Between a sign and a currency before the number: no line may break there."""
_SPARED = re.compile(r'(var\(--[a-z-]+),#[0-9a-f]{6}(?=\))| stroke-linejoin="round"')
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a template needs besides the report: medium, style, script, policy, inline charts."""

    medium: Medium
    paper: bool
    contents: bool
    folds: bool
    """Whether sections after the first are folded."""
    css: Markup
    script: Markup
    words: Markup
    policy: str
    fit: Fit
    """How tightly sections are set on paper, by their addresses: ``tight`` or ``tight tighter``, so that each keeps to
    its page."""
    svg: Mapping[str, Markup]
    draws: Markup
    """Of the planner, as JSON."""
    files: tuple[tuple[str, str], ...] = ()
    """Address and name of the files beside the page."""
    colours: Mapping[str, str]
    """Of what a template draws itself: variables on screens, on paper what they stand for."""
    data: Markup
    """The whole list of markets as JSON, on the overview; else empty."""
    more: bool
    """Whether that list has rows that are not on the page as HTML."""


def render_report(
    report: MarketReport,
    *,
    medium: Medium = "screen",
    templates: Path | None = None,
    beside: Collection[str] = (),
    fit: Fit = LOOSE,
) -> str:
    """Whole report as one self-contained page (``screen``), or as the source of report.pdf (``print``).

    Parameters
    ----------
    templates
        Folder of user templates that win over ours by name; they run in a sandbox.
    beside
        Names of the files that lie beside the page, which get a button each where it knows them.
    fit
        How tightly sections are set on paper.

    Raises
    ------
    TemplateError
        A template is missing, malformed, or names something that does not exist (with file and line).
    """
    words = report.labels
    known = (("report.pdf", words.pdf), ("brief.pdf", words.brief), ("results.json", words.data))
    files = tuple(one for one in known if one[0] in beside)
    return _render("report.html.j2", report, medium, templates, contents=medium == "screen", files=files, fit=fit)


def render_brief(
    report: MarketReport, *, medium: Medium = "print", templates: Path | None = None, fit: Fit = LOOSE
) -> str:
    """The two-page brief; see :func:`render_report`. ``fit`` sets sections more tightly."""
    return _render("brief.html.j2", report, medium, templates, contents=False, fit=fit)


def render_overview(overview: Overview, *, templates: Path | None = None, missing: bool = False) -> str:
    """One of the pages around the reports, ``missing`` the one for what is not there; see :func:`render_report`."""
    short, whole = shorten_list(overview)
    script: Script = "missing" if missing else "overview" if whole is not None else ""
    script = "directory" if overview.directory is not None else "search" if overview.full_text else script
    return _render("overview.html.j2", short, "screen", templates, contents=False, whole=whole, script=script)


def render_navigation(navigation: Navigation, *, templates: Path | None = None) -> str:
    """What is put at the head of a market's report when it becomes a page of the site."""
    return fill(_environment(templates), "crumbs.html.j2", doc=navigation).strip()


def charts(doc: MarketReport | Overview) -> dict[str, Chart]:
    """Every chart of a document by name: what ``chart:name`` may mean in its PDF."""
    shown: list[object] = [block for section in doc.sections for block in section.blocks]
    if isinstance(doc, MarketReport):
        shown.append(doc.summary.chart)
        shown += [key.chart for key in doc.summary.key_figures]
    return {chart.name: chart for chart in shown if isinstance(chart, Chart)}


def _render(
    name: str,
    doc: MarketReport | Overview,
    medium: Medium,
    templates: Path | None,
    *,
    contents: bool,
    fit: Fit = LOOSE,
    whole: Table | None = None,
    script: Script = "",
    files: tuple[tuple[str, str], ...] = (),
) -> str:
    page = replace(_page(doc, medium, contents=contents, fit=fit, whole=whole, own=script), files=files)
    # U+2060, the word joiner: no width, and no line breaks there.
    html = _SIGN.sub("\\g<0>\u2060", fill(_environment(templates), name, doc=doc, page=page))
    if medium == "screen" and _DEVANAGARI.search(html):
        # Embedded only where its letters are on the page.
        html = html.replace("<style>", "<style>" + _font_face("Mukta", "Mukta-Devanagari", 400), 1)
    return html


@cache
def _environment(templates: Path | None) -> Environment:
    made = make_environment(templates_dir() / "html", templates)
    made.filters["short"] = _short
    return made


def _short(value: float | str | None) -> str:
    """Seven digits: enough to sort by and for a CSV of what is on the page."""
    if isinstance(value, str):
        return value
    return "" if value is None else f"{value:.7g}"


def _page(
    doc: MarketReport | Overview, medium: Medium, *, contents: bool, fit: Fit, whole: Table | None, own: Script
) -> Page:
    paper = medium == "print"
    paper_size = doc.paper if isinstance(doc, MarketReport) else "A4"
    css, script, policy = style(medium, paper_size), "", ""
    if not paper:
        script, policy = _script(own)
    return Page(
        medium=medium,
        paper=paper,
        contents=contents,
        folds=contents and not paper,
        css=Markup(css + _accent(doc.brand)),  # noqa: S704 - our own style sheets, and a colour of fixed form
        script=Markup(script),  # noqa: S704 - our own file
        words=_words(doc.labels),
        policy=policy,
        fit=fit,
        svg={} if paper else _inline(doc),
        colours=_colours(doc.brand, paper=paper),
        data=_list(doc, whole),
        more=whole is not None and len(whole.rows) > STATIC,
        draws=_draws(doc) if not paper else Markup(""),
    )


def _draws(doc: MarketReport | Overview) -> Markup:
    if not isinstance(doc, MarketReport) or doc.planner is None:
        return Markup("")
    one = doc.planner
    groups = [{"less": group.less, "more": group.more} for group in one.groups]
    made = {
        "groups": groups, "bound": one.bound, "sales": one.sales, "level": one.level, "currency": one.currency,
        "to": one.to,
    }  # fmt: skip
    return htmlsafe_json_dumps(made)


def _list(doc: MarketReport | Overview, whole: Table | None) -> Markup:
    if isinstance(doc, MarketReport):
        return Markup("")
    if doc.directory is not None:
        return directory_data(doc.directory)
    return list_data(whole, doc.finder) if whole is not None and doc.finder is not None else Markup("")


def _colours(brand: Brand, *, paper: bool) -> dict[str, str]:
    # WeasyPrint knows no variables inside a drawing.
    return {name: plain if paper else f"var(--{name})" for name, plain in _theme(brand).variables()}


def _theme(brand: Brand) -> Theme:
    return Theme(accent=brand.accent) if brand.accent else Theme()


def _inline(doc: MarketReport | Overview) -> dict[str, Markup]:
    """Charts with the page's colour variables; text in them was escaped when they were drawn."""
    theme = _theme(doc.brand)
    drawn = {name: write_svg(chart, theme=theme) for name, chart in charts(doc).items()}
    for name, chart in charts(doc).items():
        if chart.slim is not None:
            small = replace(
                chart, width=chart.slim.width, height=chart.slim.height, shapes=chart.slim.shapes, tips=(), slim=None
            )
            drawn[f"{name} slim"] = write_svg(small, theme=theme)
    # The page's sheet has every colour and the shape of corners: what stands beside them is for charts on their own.
    return {name: Markup(_SPARED.sub(r"\1", svg)) for name, svg in drawn.items()}  # noqa: S704


@cache
def style(medium: Medium, paper: str = "A4") -> str:
    """Style sheet of one medium; screens get the two embedded fonts, paper its page size."""
    folder = templates_dir() / "css"
    names = ("tokens", "layout", "tables", *(("site", "dark") if medium == "screen" else ("print",)))
    sheets = [_shorten((folder / f"{name}.css").read_text("utf-8")) for name in names]
    if medium == "screen":
        sheets[:0] = [
            _font_face("Fira Sans", "FiraSans-Regular", 400),
            _font_face("Fira Sans", "FiraSans-SemiBold", 600),
        ]
    else:
        sheets.append(_LETTER if paper == "Letter" else "@page{size:A4}")
    return "\n".join(sheets)


def _shorten(css: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()


@cache
def _font_face(family: str, file: str, weight: int) -> str:
    data = base64.b64encode((templates_dir() / "fonts" / f"{file}.woff2").read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:swap;'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
    )


@cache
def _script(own: Script) -> tuple[str, str]:
    """Our script, and the content policy that lets nothing but it run and nothing be fetched."""
    text = page_script()
    if own:
        text += compact((templates_dir() / "js" / f"{own}.js").read_text("utf-8"))
    # The policy names the script by its hash: whatever else got into the page would not run.
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    scripts, styles, more = f"'sha256-{digest}'", "'unsafe-inline'", ""
    if own == "search":  # pagefind: a script, a style and an index of the same site, and WebAssembly to read it
        scripts, styles = f"'self' 'wasm-unsafe-eval' {scripts}", f"'self' {styles}"
        more = "connect-src 'self'; worker-src 'self' blob:; "
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; font-src data:; {more}"
        "base-uri 'none'; form-action 'none'"
    )
    return text, policy


def _accent(brand: Brand) -> str:
    return f":root{{--accent:{brand.accent}}}" if _HEX.match(brand.accent) else ""


def _words(labels: Labels) -> Markup:
    names = ("filter", "copy", "copied", "download", "lower", "upper", "close", "sort", "larger", "smaller")
    return htmlsafe_json_dumps({name: getattr(labels, name) for name in names})
