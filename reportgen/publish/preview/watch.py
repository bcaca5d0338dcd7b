"""``preview``: the site in a browser, built again whenever the data, the settings or a template change.

The server runs in a thread of its own; building stays in the main thread, which signals reach. A build that fails says
so over the page and the server goes on. Changes are found by looking at times and sizes twice a second: that works on
every file system, and a missed change would only cost a second look. Tables in a database are not watched.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.run import build
from reportgen.batch.site import refresh as overview
from reportgen.batch.state import record
from reportgen.batch.state.outcome import Progress, RunResult
from reportgen.errors import ReportgenError, UsageError
from reportgen.publish.preview.server import Board, PreviewServer, Shown, open_server
from reportgen.settings.sections import Settings

Load = Callable[[], tuple[Settings, Path]]
Seen = dict[str, tuple[int, int]]
LOOK = 0.5
"""Seconds between two looks."""
_MOST_FAILURES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a preview is told when it starts."""

    load: Load
    """Settings and folder of the project as they are now."""
    settings_file: Path
    build: bool = True
    """False: only serve, and reload when the site was made anew by somebody else."""
    progress: Progress | None = None


def preview(
    watch: Watch,
    *,
    port: int | None = None,
    ready: Callable[[str], None] | None = None,
    built: Callable[[RunResult], None] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Serve the site until Ctrl-C; return the exit code: 0, or 130 if a build was interrupted.

    Parameters
    ----------
    port
        To listen on; 8000 or the next free one by default.
    ready, built
        Called with the address once it answers, and with the result of each build.
    stop
        Ends the preview when set; for callers without a keyboard.

    Raises
    ------
    EnvironmentMissing
        If the port is taken.
    UsageError
        If the output is not a folder of this machine.
    """
    settings, root = _first(watch)
    board = Board(Shown(folder=_site(settings, root)))
    server = open_server(port, board)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    stop = stop or threading.Event()
    try:
        if ready is not None:
            ready(server.url)
        return _follow(watch, board, built, stop)
    except KeyboardInterrupt:
        return 0
    finally:
        _close(server, board)


def _close(server: PreviewServer, board: Board) -> None:
    """Stop serving; another Ctrl-C meanwhile changes nothing."""
    main = threading.current_thread() is threading.main_thread()
    # shutdown() waits for the serving thread: a Ctrl-C in that wait would leave the port taken.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        board.close()
        server.shutdown()
        server.server_close()
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


def _first(watch: Watch) -> tuple[Settings, Path]:
    """Settings to start with; the defaults where the file is wrong, which the first build will say."""
    try:
        settings, root = watch.load()
    except ReportgenError:
        return Settings(), watch.settings_file.parent
    if "://" in settings.run.out:
        raise UsageError(f"preview serves a folder of this machine, not {settings.run.out}; use --out.", code="remote")
    return settings, root


def _site(settings: Settings, root: Path) -> Path:
    return root / settings.run.out / overview.FOLDER


def _follow(watch: Watch, board: Board, built: Callable[[RunResult], None] | None, stop: threading.Event) -> int:
    """Build, wait for a change, build again."""
    while not stop.is_set():
        seen = look(watch)
        if not watch.build:
            board.put(version=board.shown.version + 1)
        elif _build(watch, board, built):
            return 130
        while not stop.is_set():
            time.sleep(LOOK)
            now = look(watch)
            if now != seen and now == _settled(watch, now):
                break
    return 0


def _settled(watch: Watch, now: Seen) -> Seen:
    """A second look: a file that is still being written is not read yet."""
    time.sleep(LOOK / 5)
    return look(watch) if now else now


def _build(watch: Watch, board: Board, built: Callable[[RunResult], None] | None) -> bool:
    """Build once and say how it went; true if it was interrupted."""
    try:
        settings, root = watch.load()
        if "://" in settings.run.out:
            raise UsageError(f"preview serves a folder of this machine, not {settings.run.out}.", code="remote")
        result = build(settings, root, progress=watch.progress)
    except ReportgenError as error:
        board.put(message=error.message)
        return False
    board.put(folder=_site(settings, root), version=board.shown.version + 1, message=_message(result))
    if built is not None:
        built(result)
    return result.interrupted


def _message(result: RunResult) -> str:
    """What failed, in a few lines; empty if all is well."""
    failed = [f"{outcome.market}: {outcome.message}" for outcome in result.markets if outcome.action == "failed"]
    lines = [*failed[:_MOST_FAILURES]]
    if len(failed) > _MOST_FAILURES:
        lines.append(f"… and {len(failed) - _MOST_FAILURES} more markets failed.")
    if result.site_error:
        lines.append(f"The overview could not be made: {result.site_error}")
    return "\n".join(lines)


# --- what is watched --------------------------------------------------------------------------


def look(watch: Watch) -> Seen:
    """Time and size of every file that the site depends on, by path; files that cannot be seen are left out."""
    seen: Seen = {}
    for path in _watched(watch):
        try:
            found = path.stat()
        except OSError:
            continue
        seen[str(path)] = (found.st_mtime_ns, found.st_size)
    return seen


def _watched(watch: Watch) -> Iterator[Path]:
    from reportgen.resources import templates_dir

    yield watch.settings_file
    try:
        settings, root = watch.load()
    except ReportgenError:
        return
    if not watch.build:
        # Its record is written last: once it changes the site is whole.
        yield _site(settings, root) / record.NAME
        return
    yield from _files(templates_dir())
    if (own := settings.report.template_folder(root)) is not None:
        yield from _files(own)
    if settings.brand.logo and "://" not in settings.brand.logo:
        yield root / settings.brand.logo
    yield from (root / name for name in (settings.brand.slides, settings.report.words) if name)
    if "://" not in settings.panel.source:
        yield from _files(root / settings.panel.source)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (entry for entry in path.rglob("*") if entry.is_file())
    else:
        yield path
