"""Our own site: the pages around the reports, and the reports as pages of it.

Content only: ``batch/site/build.py`` decides what is made and puts it in place. All links are relative, so the folder
works from a disk and under any address; only ``sitemap.xml`` needs to know its own (``report.site_url``).

A report becomes a page of the site by putting the way back and its neighbours where the template left a mark. Rendering
it again would cost a thousand times as much, and bytes elsewhere on the page could differ from ``report.html``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from reportgen.render.html import render_navigation, render_overview
from reportgen.report.site.site_pages import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reportgen.report.site.overview import Overview
    from reportgen.report.site.site_pages import Navigation

SLOT = b"<!--site-->"
"""What ``base.html.j2`` leaves in a report for its head on the site; text from data cannot hold it, it is escaped."""
SITEMAP = "sitemap.xml"
_MOST_ADDRESSES = 50_000
"""That a sitemap may have (sitemaps.org)."""


def site_files(pages: Mapping[str, Overview], *, templates: Path | None = None) -> dict[str, bytes]:
    """Content of the pages around the reports, by file name.

    Raises
    ------
    TemplateError
        As for :func:`~reportgen.render.html.render_overview`.
    """
    return {
        name: render_overview(page, templates=templates, missing=name == MISSING).encode()
        for name, page in pages.items()
    }


def navigation(head: Navigation, *, templates: Path | None = None) -> str:
    """What :func:`insert` puts into a report."""
    return render_navigation(head, templates=templates)


def insert(report: bytes, head: str) -> bytes:
    """Report with its head as a page of the site; unchanged where an override of the template has no place for it."""
    before, slot, after = report.partition(SLOT)
    return b"".join((before, head.encode(), after)) if slot else report


def sitemap(site_url: str, addresses: Sequence[str], date: str) -> bytes:
    """``sitemap.xml`` of the site at ``site_url``.

    Parameters
    ----------
    addresses
        Of the pages, relative to the site.
    date
        Of the last change, ISO.
    """
    top = site_url.rstrip("/") + "/"
    entries = "".join(
        f"<url><loc>{escape(top + quote(address))}</loc><lastmod>{date}</lastmod></url>\n"
        for address in addresses[:_MOST_ADDRESSES]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    ).encode()
