"""From a data frame or a path to markets and settings: those of a project, or what ``init`` would propose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.inputs.source import Source
from reportgen.panel.checking.contract import Panel, validate_panel
from reportgen.panel.reading.read import FRAME, read_frame
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.batch.inputs.source import Markets


class FrameSource(Source):
    """A data frame as the one table of a run."""

    def __init__(self, frame: pd.DataFrame, settings: Settings) -> None:
        super().__init__(settings, Path.cwd())
        self._frame = frame
        self.name = FRAME

    def _read(self) -> Panel:
        if self._panel is None:
            self._panel = validate_panel(read_frame(self._frame, self._settings.panel), self._settings)
        return self._panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Markets, settings with the folder that their paths start from, and what was guessed about the table."""

    source: Markets
    settings: Settings
    root: Path
    assumed: tuple[str, ...] = ()


def open_table(
    data: pd.DataFrame | str | Path | None, project: str | Path | None, overrides: Mapping[str, object] | None
) -> Opened:
    """Open a table; see :func:`reportgen.analyse`."""
    from reportgen.batch.inputs.partition import open_source
    from reportgen.project.verbs import open_project

    if project is not None or data is None:
        place = Path(project or ".")
        path = None if is_frame(data) else data
        settings, root = open_project(place, data=path, overrides=overrides)
        if is_frame(data):
            settings = _named(settings)
            return Opened(source=FrameSource(data, settings), settings=settings, root=root)  # type: ignore[arg-type]
        return Opened(source=open_source(settings, root, None, jobs=1), settings=settings, root=root)
    from reportgen.project.proposal import propose, propose_for

    given: dict[str, Any] = dict(overrides or {})
    if is_frame(data):
        given["panel.source"] = FRAME
        proposal = propose_for(read_frame(data, _settings(given).panel), given)  # type: ignore[arg-type]
        settings = _settings({**given, **proposal.values})
        source: Markets = FrameSource(data, settings)  # type: ignore[arg-type]
    else:
        proposal = propose(str(data), Path.cwd(), given)
        settings = _settings({**given, **proposal.values})
        source = open_source(settings, Path.cwd(), None, jobs=1)
    guessed = [f"{role.name} is {role.column}" for role in proposal.roles if role.sureness == "guessed"]
    return Opened(source=source, settings=settings, root=Path.cwd(), assumed=(*guessed, *proposal.guesses))


def is_frame(data: object) -> bool:
    """Whether the table is held by pandas; asked without importing it."""
    return type(data).__name__ == "DataFrame" and hasattr(data, "iloc")


def agreed_on(opened: Opened, *, together: bool) -> dict[str, Any]:
    """What the markets of the table agree on, as a build would ask them, in this process; alone: nothing."""
    from reportgen.batch.inputs import agreed
    from reportgen.batch.state.fingerprint import fingerprint

    if not together:
        return {}
    if not agreed.are_asked(opened.settings, opened.source):
        return {"choices": ()}
    stamp = fingerprint(opened.settings, opened.root)
    found = agreed.agree(opened.settings, opened.source, stamp, None, jobs=1, ask=_asking(opened.source))
    if found is None:
        return {}
    return {
        "choices": found.setting_choices(),
        "shapes": found.shared_shapes(),
        "shared_decay": found.shared_decay(),
    }


def _asking(source: Markets) -> Callable[..., dict[str, Any]]:
    """Ask market after market here; what breaks down counts in no sum, as in a run."""
    from reportgen.batch.inputs.stored_panel import open_panel
    from reportgen.model.prospects import BREAKDOWNS

    def ask(what: Callable[..., Any], *rest: object) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for market in source.index.markets:
            panel = source.panel(market)
            if panel is not None:
                try:
                    said[market] = what(open_panel(panel), *rest)
                except BREAKDOWNS:
                    said[market] = None
        return said

    return ask


def _named(settings: Settings) -> Settings:
    return settings.model_copy(update={"panel": settings.panel.model_copy(update={"source": FRAME})})


def _settings(values: Mapping[str, object]) -> Settings:
    from reportgen.settings.read import load_settings

    return load_settings(Path("no settings yet"), overrides=values).settings
