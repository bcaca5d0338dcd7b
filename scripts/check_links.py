"""Every link of a folder of HTML pages leads somewhere: ``python scripts/check_links.py FOLDER``.

Links within the folder must name a file that is there and an anchor that it has; nothing may be fetched from elsewhere
when a page is opened. Addresses of other hosts that a reader may follow are counted, not visited.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Links, what is fetched, and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag in {"script", "img", "iframe"} and found.get("src"):
            self.fetched.append(found["src"])
        elif tag == "link" and found.get("rel") in {"stylesheet", "icon", "preload"} and found.get("href"):
            self.fetched.append(found["href"])


def dead_links(folder: Path) -> tuple[list[str], int, int]:
    """What leads nowhere, links that were followed, and addresses of other hosts."""
    pages = {path.resolve(): Page(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    dead, followed, elsewhere = [], 0, 0
    for path, page in pages.items():
        for link in (*page.links, *page.fetched):
            parts = urlsplit(link)
            if parts.scheme in {"http", "https", "mailto"}:
                elsewhere += 1
                if link in page.fetched:
                    dead.append(f"{path.name} fetches {link}")
                continue
            if parts.scheme:
                continue
            followed += 1
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            if not target.exists():
                dead.append(f"{path.name}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                dead.append(f"{path.name}: {link} (no such anchor)")
    return sorted(set(dead)), followed, elsewhere


if __name__ == "__main__":
    dead, followed, elsewhere = dead_links(Path(sys.argv[1]))
    sys.stdout.write(
        f"{followed} links followed, {len(dead)} dead; {elsewhere} lead to other hosts and were not visited.\n"
    )
    sys.exit("\n".join(dead) if dead else 0)
