"""Full-text search of the site by the program pagefind, where ``report.search`` asks for it.

The lists of markets and pharmacies are searched without it, from a disk too. Its index covers every word of every
report, but browsers load it only from a web server. The program is looked up on PATH, never in the current folder.
"""

from __future__ import annotations

from pathlib import Path

from reportgen.batch.state import files
from reportgen.errors import EnvironmentMissing, RenderError
from reportgen.programs import find_program, run_program

FOLDER = PROGRAM = "pagefind"
SECONDS = 900.0


def index_pages(site: Path) -> dict[str, str]:
    """Index the pages in ``site``; return the hashes of the files that the index consists of, by name below it.

    Raises
    ------
    EnvironmentMissing
        If the program is not there.
    RenderError
        If it fails, or takes longer than :data:`SECONDS`.
    """
    program = find_program(PROGRAM)
    if program is None:
        raise EnvironmentMissing(
            'report.search = "pagefind": the program pagefind is not on PATH; get it from https://pagefind.app, or set '
            'report.search = "plain".',
            code="no-pagefind",
        )
    ended = run_program([str(program), "--site", str(site), "--output-subdir", FOLDER], site, SECONDS)
    index = site / FOLDER
    if ended.timed_out:
        raise RenderError(f"pagefind took over {SECONDS:g} seconds.", code="pagefind-timeout")
    if ended.code != 0 or not index.is_dir():
        last = ended.output.strip().splitlines()[-1:] or [f"status {ended.code}"]
        raise RenderError(f"pagefind failed: {last[0][:200]}.", code="pagefind-failed")
    made = (path for path in sorted(index.rglob("*")) if path.is_file())
    return {path.relative_to(site).as_posix(): files.sha256_file(path) for path in made}
