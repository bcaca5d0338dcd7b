"""The program ``quarto``: found, asked for its version, run with a limit, and its complaints made ours.

It runs as a process group of its own with no input; of what it prints only the end is kept, however much it is. A
render that fails is repeated in halves until the pages that fail are known: one bad page costs a few runs, not the
site. Parsing its progress to see how far it came was rejected, because it moves finished pages into the site only at
the end of a run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import EnvironmentMissing, RenderError
from reportgen.programs import Ended, find_program, run_program, without_colour
from reportgen.publish.quarto.record import Written, page_names, read_written

OLDEST = (1, 4)
"""Typst, ``content-visible`` by format and listings from data work as used here since then."""
HOW_TO_GET = (
    "Install Quarto 1.4 or newer from quarto.org (or with your system's packages) so that `quarto` is on PATH, then "
    "run this command again with --render, or `quarto render` in that folder."
)
START_SECONDS = 60.0
"""Allowed to a run on top of what its pages may take."""
_AFTER_PAGES = "--no-clean"
"""Must follow the pages: without an option after them Quarto (1.4 to 1.9) takes all but the first for pandoc's, which
then reads them into the first page."""
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_PLACES = (
    re.compile(r"(?P<file>[\w./@+-]+\.qmd)\"?[ ,]*\(?line (?P<line>\d+)"),
    re.compile(r"\(?line (?P<line>\d+),? columns? [\d-]+\)?.*?(?P<file>[\w./@+-]+\.qmd)"),
    re.compile(r"(?P<file>[\w./@+-]+\.(?:qmd|typ)):(?P<line>\d+)(?::\d+)?"),
)
_FILE = re.compile(r"(?<![\w./@+-])[\w./@+-]{1,400}\.qmd")
"""Only from the beginning of a word: a program may print megabytes without a blank."""
_LINE = re.compile(r"\bline (\d+)\b")
_COMPLAINT = re.compile(
    r"^(?:ERROR:|error:|Error:|Error |FATAL|.*\bnot found\b|.*\bYAML\b.*(?:exception|error))", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarto:
    """The program on this machine."""

    path: Path
    """Absolute."""
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing the program said, with the place where it can be told."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """``markets/x/index.qmd, line 3: …``."""
        place = f"{self.file}, line {self.line}" if self.file and self.line else self.file
        return f"{place}: {self.text}" if place else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailure:
    """One page that could not be rendered."""

    page: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a render did."""

    program: Quarto
    done: tuple[str, ...]
    up_to_date: int
    failed: tuple[PageFailure, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """1 if a page failed, else 0."""
        return 1 if self.failed else 0


def find_quarto() -> Quarto:
    """Return the program on PATH, never one of the current folder.

    Raises
    ------
    EnvironmentMissing
        If there is none, it does not answer, or it is older than :data:`OLDEST`; says how to get it.
    """
    path = find_program("quarto")
    if path is None:
        raise EnvironmentMissing(f"The program quarto is not on PATH. {HOW_TO_GET}", code="no-quarto")
    ended = run_program([str(path), "--version"], Path.cwd(), START_SECONDS)
    found = _VERSION.search(ended.output)
    if ended.code != 0 or found is None:
        last = ended.output.strip().splitlines()[-1:] or ["no answer"]
        raise EnvironmentMissing(f"{path} --version failed: {last[0][:200]}. {HOW_TO_GET}", code="quarto-broken")
    if tuple(int(part) for part in found.group(1, 2)) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise EnvironmentMissing(
            f"{path} is Quarto {found.group()}; at least {oldest} is needed. {HOW_TO_GET}", code="quarto-old"
        )
    return Quarto(path=path, version=found.group())


def render_project(project: Path, program: Quarto, *, page_seconds: float = 120.0, force: bool = False) -> Rendered:
    """Render the pages of a project that changed since they were last rendered.

    Parameters
    ----------
    page_seconds
        Time each page may take; a run of many pages may take that many times as long.
    force
        Render all pages.
    """
    start = time.monotonic()
    written = read_written(project)
    pages = page_names(written)
    sources = {page: _source_hash(written, page) for page in pages}
    todo = [p for p in pages if force or written.rendered.get(p) != sources[p] or not _has_output(project, written, p)]
    run = _Rendering(project, program, page_seconds, whole=len(todo) == len(pages))
    run.render(todo)
    failed = {failure.page for failure in run.failed}
    done = tuple(page for page in todo if page not in failed)
    # A page that failed is to be tried again, whatever it was rendered from before.
    written.rendered = {p: d for p, d in written.rendered.items() if p in sources and p not in failed}
    written.rendered |= {page: sources[page] for page in done}
    written.save(project)
    return Rendered(
        program=program,
        done=done,
        up_to_date=len(pages) - len(todo),
        failed=tuple(sorted(run.failed, key=lambda failure: failure.page)),
        seconds=time.monotonic() - start,
    )


@dataclass(slots=True)
class _Rendering:
    """Runs over halves and halves of halves."""

    project: Path
    program: Quarto
    page_seconds: float
    whole: bool
    failed: list[PageFailure] = field(default_factory=list)

    def render(self, pages: Sequence[str]) -> None:
        """Render ``pages``; those that fail are in ``failed`` afterwards."""
        if not pages:
            return
        # Without names Quarto renders the whole project, with names these pages.
        what = [] if self.whole else [*pages, _AFTER_PAGES]
        self.whole = False
        command = [str(self.program.path), "render", *what]
        ended = run_program(command, self.project, START_SECONDS + self.page_seconds * len(pages))
        if ended.code == 0:
            return
        if len(pages) == 1:
            self.failed.append(self._failure(pages[0], ended))
            return
        # Where the program names the culprits the others go on without them; only where it does not are halves tried.
        blamed = [page for page in pages if any(c.file == page for c in complaints(ended.output, pages))]
        if blamed and not ended.timed_out and len(blamed) < len(pages):
            self.render([page for page in pages if page not in blamed])
            for page in blamed:
                self.render([page])
            return
        middle = len(pages) // 2
        self.render(pages[:middle])
        self.render(pages[middle:])

    def _failure(self, page: str, ended: Ended) -> PageFailure:
        if ended.timed_out:
            limit = START_SECONDS + self.page_seconds
            return PageFailure(page=page, code="quarto-timeout", message=f"{page}: Quarto took over {limit:g} seconds.")
        found = complaints(ended.output, [page])
        error = RenderError(str(found[0]) if found else f"{page}: Quarto ended with status {ended.code}.")
        message = error.message if page in error.message else f"{page}: {error.message}"
        return PageFailure(page=page, code="quarto-failed", message=message)


def complaints(output: str, pages: Sequence[str]) -> tuple[Complaint, ...]:
    """Return what the program complained about, with page and line where it says them.

    Parameters
    ----------
    pages
        The pages that were asked for; a name that only ends like one of them is taken for it.
    """
    text = without_colour(output)
    return tuple(_complaints(text, pages))


def _complaints(text: str, pages: Sequence[str]) -> Iterator[Complaint]:
    for found in _COMPLAINT.finditer(text):
        # A complaint ends at an empty line.
        passage = text[found.start() :].split("\n\n", maxsplit=1)[0][:2000]
        lines = [line.strip() for line in passage.splitlines() if line.strip()]
        # What follows is Quarto's own stack, of which nobody learns anything.
        stack = next((i for i, line in enumerate(lines) if line.startswith(("at ", "Stack trace"))), len(lines))
        said = " ".join(lines[:stack])[:500]
        said = re.sub(r"^(?:ERROR|error|Error):\s*", "", said)
        if not said:
            continue
        file, line = _place(passage)
        page = _known(file, pages) or _last_page(text[: found.start()], pages)
        yield Complaint(file=page or file, line=line, text=said)


def _place(passage: str) -> tuple[str, int]:
    for pattern in _PLACES:
        found = pattern.search(passage)
        if found is not None:
            return found["file"], int(found["line"])
    file, line = _FILE.search(passage), _LINE.search(passage)
    return file.group() if file else "", int(line.group(1)) if line else 0


def _known(file: str, pages: Sequence[str]) -> str:
    """Return the page that a path, however it is written, stands for."""
    return next((page for page in pages if file and (file == page or file.endswith("/" + page))), "")


def _last_page(before: str, pages: Sequence[str]) -> str:
    """Return the page that Quarto was at: it prints ``[3/10] page`` before each."""
    named = [_known(name, pages) for name in _FILE.findall(before)]
    return next((page for page in reversed(named) if page), "")


def _source_hash(written: Written, page: str) -> str:
    """Return what a page is rendered from: itself, its charts, the configuration and the themes."""
    from reportgen.batch.state.fingerprint import hash_strings

    site = written.site.get("files", {})
    # A page of a market, with that market's charts; else one of the site's.
    own = next((entry["files"] for entry in written.markets.values() if page in entry["files"]), site)
    shared = {name: digest for name, digest in site.items() if name.startswith(("theme/", "_"))}
    parts = {**shared, page: own[page], **{name: digest for name, digest in own.items() if not name.endswith(".qmd")}}
    return hash_strings(tuple(f"{name}:{digest}" for name, digest in sorted(parts.items())))


def _has_output(project: Path, written: Written, page: str) -> bool:
    stem = project / "_site" / page.removesuffix(".qmd")
    in_market = page.startswith("markets/")
    wanted = [".html" if name == "html" else ".pdf" for name in written.formats] if in_market else [".html"]
    return all(stem.with_suffix(ending).is_file() for ending in wanted)
