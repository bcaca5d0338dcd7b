"""What the commands print: progress while a run goes on, tables and messages at its end.

A terminal gets bars and colour; a pipe gets plain lines; ``--log-format json`` gets one JSON object
per event. Data goes to standard output, progress and errors to standard error.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.cli import departing
from reportgen.cli.options import state

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from reportgen.batch.state.outcome import GoneMarkets, MarketOutcome, Progress, RunResult
    from reportgen.batch.state.record import ChannelHeadline, Headline
    from reportgen.report.words.formats import Formats

_WIDTH = 120
_MOST_FAILURES = 20
_MOST_ROWS = 50
_MOST_LOOKED_AT = 1000
_DOCUMENTS = ("report.html", "report.pdf", "brief.pdf", "report.xlsx", "slides.pptx")


def printable(text: str) -> str:
    """Return text without control characters that could move the cursor or hide what is printed."""
    from reportgen.report.words.names import clean

    return clean(text, 2000) if text.strip() else ""


def error(message: str) -> None:
    """Print one error message to standard error, or an event of it."""
    if state["events"]:
        event("error", message=message)
        return
    lines = [_line(part) for part in message.splitlines()] or [""]
    sys.stderr.write("Error: " + "\n".join(lines) + "\n")


def note(message: str) -> None:
    """Print one line to standard error, or an event of it."""
    if state["events"]:
        event("note", message=_line(message))
        return
    sys.stderr.write(_line(message) + "\n")


def event(name: str, **fields: Any) -> None:
    """Print one JSON object on a line of its own to standard error."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write(json.dumps({"time": stamp, "event": name, **fields}) + "\n")
    sys.stderr.flush()


def say(message: str, *, always: bool = False) -> None:
    """Print one line to standard output; unless ``always``, not where only failures are wanted."""
    if state["quiet"] and not always:
        return
    sys.stdout.write(_line(message) + "\n")


def say_json(value: object) -> None:
    """Print a JSON document to standard output."""
    sys.stdout.write(
        json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace").decode() + "\n"
    )


def choose_progress(log_format: str) -> Progress:
    """Return the kind of progress that fits where it is shown and how much was asked for."""
    if log_format == "json":
        return JsonProgress()
    if state["quiet"]:
        return QuietProgress()
    return BarProgress() if sys.stderr.isatty() and not state["verbose"] else LineProgress()


_STAGES = {
    "reading": "Reading and checking the table",
    "agreeing": "Asking all markets what they share",
    "site": "Making the overview and the site",
    "pulling": "Fetching what was published before",
    "publishing": "Publishing",
}


class QuietProgress:
    """Nothing but what has to be known before it happens; what failed is printed at the end."""

    def started(self, total: int, up_to_date: int) -> None:
        """Do nothing."""

    def market_done(self, outcome: MarketOutcome) -> None:
        """Do nothing."""

    def gone(self, markets: GoneMarkets) -> None:
        """Name the markets that the data no longer have."""
        note(f"Warning: {departing.named(markets)}")

    def stage(self, name: str) -> None:
        """Do nothing."""


class LineProgress(QuietProgress):
    """One plain line per market."""

    def __init__(self) -> None:
        self._total = 0
        self._done = 0

    def started(self, total: int, up_to_date: int) -> None:
        """Say how much is to be done."""
        self._total = total
        if total or not up_to_date:
            note(f"{total} to build, {up_to_date} up to date")

    def market_done(self, outcome: MarketOutcome) -> None:
        """Say how one market ended."""
        self._done += 1
        how = (
            f"failed: {outcome.message}"
            if outcome.action == "failed"
            else f"{outcome.status} in {outcome.seconds:.1f} s"
        )
        if state["verbose"]:
            tried = f", attempt {outcome.attempts}" if outcome.attempts > 1 else ""
            how = f"{how} ({outcome.reason.replace('-', ' ')}{tried})"
        note(f"[{self._done}/{self._total}] {outcome.market}: {how}")

    def stage(self, name: str) -> None:
        """Name the stage where everything is wanted; else the lines speak."""
        if state["verbose"]:
            note(_STAGES.get(name, name))


class BarProgress(QuietProgress):
    """A bar with the number of markets, the time left and the last market."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def started(self, total: int, up_to_date: int) -> None:
        """Show the bar."""
        if not total:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("Building"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            # On standard error, so that what is piped on holds no bar.
            console=_console(stderr=True),
            transient=True,
        )
        self._task = self._bars.add_task("", total=total)
        self._bars.start()

    def market_done(self, outcome: MarketOutcome) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, advance=1, description=printable(outcome.market))

    def stage(self, name: str) -> None:
        """Take the bar away when building is over."""
        if name == "site" and self._bars is not None:
            self._bars.stop()
            self._bars = None


class JsonProgress:
    """One JSON object per event and line, on standard error."""

    def gone(self, markets: GoneMarkets) -> None:
        """Tell which markets the data no longer have."""
        event("gone", markets=list(markets.names), of=markets.of, kept=list(markets.kept))

    def started(self, total: int, up_to_date: int) -> None:
        """Tell how much is to be done."""
        event("started", markets=total, up_to_date=up_to_date)

    def market_done(self, outcome: MarketOutcome) -> None:
        """Tell how one market ended."""
        event(
            "market",
            market=outcome.market,
            status=outcome.status,
            reason=outcome.reason,
            seconds=round(outcome.seconds, 3),
            attempts=outcome.attempts,
            **({"code": outcome.code, "message": outcome.message} if outcome.action == "failed" else {}),
        )

    def stage(self, name: str) -> None:
        """Tell that a stage begins."""
        event("stage", stage=name)


def show_run(result: RunResult, *, locale: str, currency: str, debug: bool = False) -> None:
    """Print the table of markets, what failed and what to do, and the page to open."""
    for warning in result.warnings:
        note(f"Warning: {warning}")
    if result.gone is not None and result.gone.kept:
        note(f"Warning: {departing.waiting(result.gone)}")
    if result.dry_run:  # its rows are what was asked for: all of them
        show_table(("Market", "Reason"), [(outcome.market, outcome.reason) for outcome in result.markets])
        say(f"{result.count('planned')} to build, {result.count('up-to-date')} up to date. Nothing was written.")
        return
    if result.count("up-to-date") == len(result.markets):
        say(f"Nothing to do: {len(result.markets)} markets are up to date.")
    else:
        _show_markets(result, locale=locale, currency=currency)
        _show_failures(result, debug=debug)
        say(_totals(result))
        if told := _plans(result, locale=locale, currency=currency):
            say(told)
    if result.site_error:
        error(f"the overview could not be made: {result.site_error}")
        for part in result.site_trace.splitlines() if debug else ():
            note(f"  {part}")
    if result.interrupted:
        note("Interrupted. Run the same command again to go on from here.")
    if result.publish_error:
        error(result.publish_error)
    if result.published:
        say(f"Published to {result.published}.")
    if result.index is not None:
        say(f"Open {short(result.index)}{_documents(result)}")


def _documents(result: RunResult) -> str:
    """Return what there is to open beside the overview: which documents of how many markets."""
    folders = [result.out / "markets" / outcome.slug for outcome in result.markets]
    if len(folders) > _MOST_LOOKED_AT:
        return ""
    counts = {name: sum((folder / name).is_file() for folder in folders) for name in _DOCUMENTS}
    there = {name: count for name, count in counts.items() if count}
    if not there:
        return ": the overview; of each market there are the numbers only."
    if len(set(there.values())) == 1:
        names = list(there)
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        count = there[names[0]]
        return f": the overview, and {listed} of {count} market{'s' if count != 1 else ''}."
    listed = ", ".join(f"{name} of {count}" for name, count in there.items())
    return f": the overview; of {len(folders)} markets there is {listed}."


def _show_markets(result: RunResult, *, locale: str, currency: str) -> None:
    from reportgen.report.words.formats import Formats

    formats = Formats(locale=locale, currency=currency, response=result.response)
    shown = list(result.markets)
    if len(shown) > _MOST_ROWS and not state["verbose"]:
        # Of many markets those that need a look; the others are in the overview.
        shown = [outcome for outcome in shown if outcome.stale_since or outcome.status != "ok"][:_MOST_ROWS]
    rows = []
    for outcome in shown:
        head = outcome.headline
        effect = interval = verdict = ""
        if head is not None:
            verdict = head.verdict.replace("-", " ")
            if not head.channels:
                effect, interval = _effect(formats, head)
        status = f"failed ({outcome.code})" if outcome.action == "failed" else outcome.status
        if outcome.stale_since:
            verdict = f"{verdict} (report of {outcome.stale_since} kept)"
        what = f"{outcome.seconds:.1f}" if outcome.action in {"built", "failed"} else outcome.action
        rows.append((outcome.market, status, verdict, effect, interval, what))
        rows += [
            (f"  {one.channel}", "", one.verdict.replace("-", " "), *_effect(formats, one), "")
            for one in (head.channels if head is not None else ())
        ]
    headings = ("Market", "Status", "Verdict", "One unit kept up", "Interval", "Seconds")
    if rows:
        show_table(headings, rows, right=(3, 4, 5))
    if hidden := len(result.markets) - len(shown):
        say(f"{hidden:,} {'more' if rows else 'markets'} are in the overview; --verbose lists them here.")


def _effect(formats: Formats, head: Headline | ChannelHeadline) -> tuple[str, str]:
    """One unit kept up and its interval, written; an unclear effect is its interval only."""
    if head.effect is None or head.lower is None or head.upper is None:
        return "", ""
    se = (head.upper - head.lower) / 4 * head.step
    unit = "" if head.step == 1 else f" per {head.step:g}"
    interval = formats.effect_interval(head.lower * head.step, head.upper * head.step, se)
    if head.verdict in {"unclear", "no-effect"}:
        return "", interval + unit
    return formats.effect(head.effect * head.step, se) + unit, interval


def _show_failures(result: RunResult, *, debug: bool) -> None:
    failed = [outcome for outcome in result.markets if outcome.action == "failed"]
    for outcome in failed[:_MOST_FAILURES]:
        note(f"{outcome.market}: {outcome.message}")
        if debug and outcome.trace:
            for part in outcome.trace.splitlines():
                note(f"  {part}")
    if len(failed) > _MOST_FAILURES:
        note(f"… and {len(failed) - _MOST_FAILURES} more; all are in run.json.")
    if failed:
        note("Mend the cause and build again, or look closer with: reportgen build --select status:failed --debug")


def _totals(result: RunResult) -> str:
    parts = [f"{result.count('built')} built"]
    for action, words in (("up-to-date", "up to date"), ("failed", "failed"), ("not-run", "not run")):
        if count := result.count(action):  # type: ignore[arg-type]  # the literal names stand right above
            parts.append(f"{count} {words}")
    return f"{', '.join(parts)} in {result.seconds:.1f} s."


def _plans(result: RunResult, *, locale: str, currency: str) -> str:
    """What the plans of the markets say, and what they bring together; empty without any."""
    from reportgen.report.words.formats import Formats

    heads = [outcome.headline for outcome in result.markets if outcome.headline is not None]
    count = Counter(head.plan for head in heads if head.plan)
    parts = []
    if moves := count["recommended"]:
        formats = Formats(locale=locale, currency=currency)
        gain = formats.money_short(sum(head.gain or 0.0 for head in heads), plus=True)
        parts.append(f"{moves} move{'s' if moves == 1 else ''} promotion, {gain} of sales a period to be expected")
    if keeps := count["keep"]:
        parts.append(f"{keeps} keep{'s' if keeps == 1 else ''} it where it is")
    if asks := count["find-out"]:
        parts.append(f"{asks} find{'s' if asks == 1 else ''} out first")
    return f"Plans: {', '.join(parts)}." if parts else ""


def show_doctor(probes: Sequence[Any]) -> None:
    """Print what this machine has and lacks."""
    marks = {"ok": "ok", "warning": "warning", "missing": "MISSING"}
    show_table(("What", "State", "Found", "What to do"), [(p.name, marks[p.state], p.found, p.advice) for p in probes])


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table of text; columns ``right`` end at their right edge."""
    if state["quiet"]:
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, heading in enumerate(headings):
        # Folded and not cut: names of markets often differ at their end only.
        table.add_column(heading, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    _console(stderr=False).print(table)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # Without a terminal rich takes 80 columns, which would fold most rows.
    return Console(stderr=stderr, width=None if stream.isatty() else _WIDTH, highlight=False)


def short(path: Path) -> str:
    """Return a path as it is named from the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _line(text: str) -> str:
    # Narrow and unbreakable spaces, which numbers have in many languages, are no printable characters to Python.
    return "".join(" " if char.isspace() else char for char in text if char.isprintable() or char.isspace())
