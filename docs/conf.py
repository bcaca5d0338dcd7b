"""The documentation site: Sphinx, MyST and furo, built by `make docs` without a network.

What the program can say itself (commands, settings, fields, checks, messages, API) is written by
``scripts/reference.py`` before the pages are read, and is never edited by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "scripts")]

import reference  # noqa: E402
from reportgen.version import __version__  # noqa: E402

reference.write(HERE / "reference" / "generated")

project = "reportgen"
author = "reportgen contributors"
copyright = "reportgen contributors, MIT licence"  # noqa: A001 - Sphinx's name
version = release = __version__
extensions = ["myst_nb"]
html_math_renderer = "mathml"
source_suffix = {".md": "myst-nb"}
exclude_patterns = ["_build", "reference/generated/*.json"]
html_theme = "furo"
html_title = f"reportgen {__version__}"
html_static_path = ["_static"]
html_css_files = ["own.css"]
html_js_files = ["own.js"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0a6a82",
        "color-brand-content": "#0a6a82",
        "color-foreground-muted": "#55616e",
        "color-link--visited": "#0a6a82",
    },
    "dark_css_variables": {"color-brand-primary": "#58bfd6", "color-brand-content": "#58bfd6"},
}
pygments_style = "xcode"
myst_enable_extensions = ["deflist", "colon_fence", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / ".jupyter_cache")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type", "config.cache"]
nitpicky = True


def _math(writer, node, *, block):
    """Formulas as MathML, which browsers draw themselves: MathJax would be fetched from its host."""
    from docutils.nodes import SkipNode
    from latex2mathml.converter import convert

    text = convert(node.astext(), display="block" if block else "inline")
    writer.body.append(f'<div class="math">{text}</div>' if block else text)
    raise SkipNode


def setup(app):  # noqa: D103
    app.add_html_math_renderer(
        "mathml",
        (lambda writer, node: _math(writer, node, block=False), None),
        (lambda writer, node: _math(writer, node, block=True), None),
    )
