"""Template overrides of a project and its own words: where they lie, and what to start from.

What templates are is ``render``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.state.files import write_atomic
from reportgen.errors import UsageError, cannot_write
from reportgen.settings.sections import Settings

DEFAULT = "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejected:
    """A written override, and whether the project's settings find it."""

    path: Path
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSentence:
    """A sentence that ``report.words`` can replace; ``toml`` is what it says now, as the file would have it."""

    id: str
    toml: str
    placeholders: tuple[str, ...]


def list_words(settings: Settings, text: str = "") -> tuple[OwnSentence, ...]:
    """Sentences that hold ``text``, or whose id does, as the project says them now."""
    from reportgen.report.words.language import language_of
    from reportgen.settings.coerce import toml_value
    from reportgen.settings.words import sentences

    language = language_of(settings.report)
    made = []
    for one in sentences().values():
        if isinstance(one.message, str):
            said: str | list[str] = language.gettext(one.message)
        else:
            said = [language.ngettext(*one.message, count) for count in (1, 2)]
        shown = toml_value(said)
        if text.lower() in shown.lower() or text.lower() in one.id:
            made.append(OwnSentence(id=one.id, toml=shown, placeholders=one.placeholders))
    return tuple(made)


def eject_template(
    settings: Settings, root: Path, name: str, folder: Path | None = None, blocks: tuple[str, ...] = ()
) -> Ejected:
    """Write an override of template ``name``: the whole of it, or single ``blocks``.

    Parameters
    ----------
    folder
        Where to; the folder of ``report.templates`` by default, or ``templates`` where that is not set.

    Raises
    ------
    UsageError
        There is no such template or block, or the override exists already.
    EnvironmentMissing
        The file cannot be written.
    """
    from reportgen.render.templates import ejected
    from reportgen.version import __version__

    text = ejected(name, __version__, blocks)
    chosen = settings.report.template_folder(root)
    target = folder or chosen or root / DEFAULT
    path = target / name
    if path.exists():
        raise UsageError(f"{path} exists already; nothing was written.", code="override-exists")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    except OSError as error:
        raise cannot_write(path, error) from error
    return Ejected(path=path, used=chosen is not None and chosen.resolve() == target.resolve())
