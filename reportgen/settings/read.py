"""Where settings come from: command line > ``REPORTGEN_*`` environment > reportgen.toml > defaults.

Reads TOML, says where each value came from, and reports every problem at once with the nearest
known key. What the keys are is ``sections.py``'s. YAML was rejected (it can carry code), and so were
silent fallbacks: a key nobody knows stops the program.
"""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from reportgen.errors import ConfigError
from reportgen.settings import calibration, coerce
from reportgen.settings.coerce import is_table
from reportgen.settings.messages import at_line, refusal, toml_refusal
from reportgen.settings.outline import unfit_outline
from reportgen.settings.sections import Settings, sections
from reportgen.settings.settled import settle
from reportgen.settings.words import find_words

PREFIX = "REPORTGEN_"
_PROGRAM_VARIABLES = frozenset({"REPORTGEN_UPDATE_GOLDEN", "REPORTGEN_DB_PASSWORD", "REPORTGEN_MAIL_PASSWORD"})
SECRET_OPTION = re.compile(
    r"([?&;][^=&;?]*(?:pass|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|sas[_-]?key)[^=&;?]*=)[^&;]*",
    re.IGNORECASE,
)
"""An option of an address whose value is a secret, from ``?`` or ``&`` to its value."""
Origin = Literal["command line", "environment", "file", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings and, for every ``section.key``, where its value came from."""

    settings: Settings
    origins: Mapping[str, Origin]
    places: Mapping[str, str]
    """Where exactly: ``REPORTGEN_RUN_JOBS``, ``reportgen.toml, line 12``; the origin where there is no better word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting as ``config show`` lists it; ``value`` and ``default`` are JSON data."""

    setting: str
    value: Any
    origin: Origin
    place: str
    default: Any
    description: str


def list_settings(loaded: LoadedSettings) -> tuple[SettingRow, ...]:
    """Return every setting with its value, where it came from, its default and what it means."""
    values = loaded.settings.model_dump(mode="json")
    defaults = Settings().model_dump(mode="json")

    def listed(key: str, field: FieldInfo, content: Mapping[str, Any]) -> Any:
        section, _, name = key.partition(".")
        value = content[section][name]
        return dict(value) if is_table(field) else _without_password(value)

    rows = tuple(
        SettingRow(
            setting=key,
            value=listed(key, field, values),
            origin=loaded.origins[key],
            place=loaded.places[key],
            default=listed(key, field, defaults),
            description=field.description or "",
        )
        for key, field in _keys().items()
    )
    return rows + tuple(
        SettingRow(
            setting=f"{calibration.NAME}.{one.market}",
            value=one.model_dump(mode="json"),
            origin="file",
            place=one.place,
            default=None,
            description=Settings.model_fields[calibration.NAME].description or "",
        )
        for one in loaded.settings.calibration
    )


def _without_password(value: Any) -> Any:
    """Hide the password of an address; one in the settings is refused when it is used, but may stand there."""
    if not isinstance(value, str):
        return value
    return SECRET_OPTION.sub(r"\1***", re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", value))


def load_settings(
    path: Path, *, overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> LoadedSettings:
    """Read settings.

    Parameters
    ----------
    path
        The settings file; it may be missing (then only the other sources count).
    overrides
        ``section.key`` → value, from the command line or a call; text is read as TOML where the key is not text.
    environ
        Environment; ``REPORTGEN_RUN_JOBS`` sets ``run.jobs``.

    Raises
    ------
    ConfigError
        If the file is no TOML, a key is unknown or a value does not fit; lists every problem.
    """
    from_file = _read(path)
    lines = _lines(path) if from_file else {}
    problems = _unknown(from_file, path.name, lines)
    # Blocks and not a section: they are read once the panel they speak of is known.
    experiments = from_file.pop(calibration.NAME, None)
    layers: list[tuple[Origin, dict[str, object]]] = [
        ("file", _flat(from_file)),
        ("environment", _environment(environ or {}, problems)),
        ("command line", _overrides(overrides or {}, problems)),
    ]
    values: dict[str, object] = {}
    origins: dict[str, Origin] = dict.fromkeys(_keys(), "default")
    for origin, layer in layers:
        for key, value in layer.items():
            values[key] = value
            origins[key] = origin
    if problems:
        raise ConfigError("\n".join(problems), code="unknown-setting")
    places = _places(origins, path.name, lines)
    settings, problems = _validate(values, places)
    formulas: dict[str, str] = {}
    if settings is not None:
        settings, formulas, wrong = settle(settings, {key: places[key] for key in values})
        problems += wrong
    brand = {}
    for key, check in (("logo", coerce.logo), ("slides", coerce.presentation)):
        brand[key], unfit = _file(path.parent, f"brand.{key}", values.get(f"brand.{key}"), check)
        problems += [f"{places[f'brand.{key}']}: {unfit}"] if unfit else []
    own_words, unfit_words = find_words(path.parent, values.get("report.words"))
    problems += [f"{places['report.words']}: {line}" for line in unfit_words]
    problems += unfit_outline(path.parent, values.get("report.templates"), places["report.templates"])
    panel = None if settings is None else settings.panel
    # A setting that a formula decided is where the formula is.
    origins |= {key: origins[by] for key, by in formulas.items()}
    places |= {key: places[by] for key, by in formulas.items()}
    found, wrong = calibration.read_calibration(experiments, panel, path.name, lines)
    problems += wrong
    if settings is None or problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)), code="bad-setting")
    located = settings.model_copy(
        update={
            "report": settings.report.model_copy(update={"words": own_words}),
            "brand": settings.brand.model_copy(update=brand),
            calibration.NAME: found,
        }
    )
    return LoadedSettings(settings=located, origins=origins, places=places)


def _file(folder: Path, key: str, value: object, check: Callable[[Path], object]) -> tuple[str, str]:
    """Return where a file of the brand is, found from any current folder, and why it cannot be used (empty: it can).

    Its path starts from the settings file, as all paths do.
    """
    if not isinstance(value, str) or not value:
        return "", ""
    path = folder.absolute() / value
    try:
        check(path)
    except ValueError as error:
        return str(path), refusal(key, _keys()[key], value, str(error))
    return str(path), ""


def settings_schema() -> dict[str, Any]:
    """JSON Schema of reportgen.toml, for completion and checks in editors."""
    schema = Settings.model_json_schema(mode="validation")
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "reportgen.toml"}
    return title | {key: value for key, value in schema.items() if key != "title"}


def _keys() -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for section, kind in sections().items():
        found |= {f"{section}.{key}": inner for key, inner in kind.model_fields.items()}
    return found


def _read(path: Path) -> dict[str, Any]:
    text = ""
    try:
        text = _decoded(path)
        return tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line, said = toml_refusal(text, error)
        raise ConfigError(f"{path.name}{f', line {line}' if line else ''}: {said}", code="bad-toml") from error
    except OSError as error:
        raise ConfigError(f"{path.name}: {error.strerror}.", code="unreadable-settings") from error


def _decoded(path: Path) -> str:
    """Text of a settings file; Windows editors save UTF-16, or a byte order mark before UTF-8."""
    content = path.read_bytes()
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig")


def _places(origins: Mapping[str, Origin], file: str, lines: Mapping[str, int]) -> dict[str, str]:
    def place(key: str, origin: Origin) -> str:
        if origin == "environment":
            return PREFIX + key.upper().replace(".", "_")
        if origin == "file":
            return at_line(file, lines.get(key, 0))
        return origin

    headers = {section: at_line(file, lines.get(section, 0)) for section in sections()}
    return headers | {key: place(key, origin) for key, origin in origins.items()}


def _lines(path: Path) -> dict[str, int]:
    """Line of every section and ``section.key`` of a file that was read as TOML; 0 where it is not beyond doubt."""
    found: dict[str, int] = {}
    section, blocks = "", 0
    for number, line in enumerate(_decoded(path).splitlines(), 1):
        if re.fullmatch(rf"\s*\[\[\s*{calibration.NAME}\s*\]\]\s*(#.*)?", line):
            section, blocks = f"{calibration.NAME}[{blocks}]", blocks + 1
            found[section] = number
        elif header := re.fullmatch(r"\s*\[\s*(\w+)\s*\]\s*(#.*)?", line):
            section = header[1]
            found[section] = number
        elif assignment := re.match(r"\s*(\w+)(?:\s*\.\s*(\w+))?\s*=", line):
            key = f"{section}.{assignment[1]}" if section else f"{assignment[1]}.{assignment[2]}"
            # TOML has every key once: one of the two lines stands inside a text of several lines, and which one is not
            # known here.
            found[key] = 0 if key in found else number
    return found


def _unknown(content: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> list[str]:
    problems = []
    known = _keys()
    names = list(sections())
    for section, values in content.items():
        where = at_line(file, lines.get(section, 0))
        if section == calibration.NAME:
            continue
        if section not in names:
            near = _nearest(section, [*names, calibration.NAME])
            problems.append(f"{where}: [{section}] is not a section.{near}")
        elif not isinstance(values, dict):
            problems.append(f"{where}: {section} is a section: write [{section}] on a line of its own.")
        else:
            problems += [
                f"{at_line(file, lines.get(f'{section}.{key}', 0))}: {section}.{key} is not a setting."
                f"{_nearest(f'{section}.{key}', known)}"
                for key in values
                if f"{section}.{key}" not in known
            ]
    return problems


_ALSO_CALLED = {"panel.sheet": "panel.table", "panel.file": "panel.source", "panel.data": "panel.source"}


def _nearest(word: str, known: Any) -> str:
    """Return a suggestion: a similar key of the section, or the same key in another one."""
    names = list(known)
    section, dot, last = word.rpartition(".")
    if word in _ALSO_CALLED:
        return f" Did you mean {_ALSO_CALLED[word]}?"
    # The same key in another section first: that is the slip people make.
    near = [name for name in names if dot and name.rsplit(".", 1)[-1] == last]
    if not near:
        keys = [name for name in names if name.rpartition(".")[0] == section]
        found = difflib.get_close_matches(last, [name.rpartition(".")[2] for name in keys], n=1, cutoff=0.6)
        near = [section + dot + key for key in found] or difflib.get_close_matches(word, names, n=1, cutoff=0.8)
    return f" Did you mean {near[0]}?" if near else ""


def _flat(content: Mapping[str, Any]) -> dict[str, object]:
    return {
        f"{section}.{key}": value
        for section, values in content.items()
        if isinstance(values, dict)
        for key, value in values.items()
    }


def _environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, object]:
    known = {PREFIX + key.upper().replace(".", "_"): key for key in _keys()}
    found: dict[str, object] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name in _PROGRAM_VARIABLES:
            continue
        if name in known:
            found[known[name]] = _parse(known[name], text)
        else:
            problems.append(f"environment: {name} is not a setting.{_nearest(name, known)}")
    return found


def _overrides(overrides: Mapping[str, object], problems: list[str]) -> dict[str, object]:
    known = _keys()
    found: dict[str, object] = {}
    for key, value in overrides.items():
        if key in known:
            found[key] = _parse(key, value) if isinstance(value, str) else value
        else:
            problems.append(f"command line: {key} is not a setting.{_nearest(key, known)}")
    return found


def _parse(key: str, text: str) -> object:
    """Read the text of a variable or option as the type of its key: lists by commas, else TOML or plain text."""
    kind = _keys()[key].annotation
    if get_origin(kind) is tuple or (_may_be_list(kind) and text not in _words(kind)):
        inner = text.strip().removeprefix("[").removesuffix("]")
        return [_plain(part.strip()) for part in inner.split(",") if part.strip()]
    if _keys()[key].annotation is str:
        return text
    return _plain(text)


def _may_be_list(kind: object) -> bool:
    """Whether a list is one of several things a setting may be."""
    return any(get_origin(get_args(part)[0]) is tuple for part in get_args(kind) if get_origin(part) is Annotated)


def _words(kind: object) -> set[object]:
    """Words that stand for something else than a list."""
    return {word for part in get_args(kind) if get_origin(part) is Literal for word in get_args(part)}


def _plain(text: str) -> object:
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    # To TOML 2024-01-31 is a date and [x] a list; a setting means the text.
    return value if isinstance(value, str | int | float | bool) else text


def _validate(values: Mapping[str, object], places: Mapping[str, str]) -> tuple[Settings | None, list[str]]:
    """Return the settings and every problem with them; None where there is one."""
    nested: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        nested.setdefault(section, {})[name] = tuple(value) if isinstance(value, list) else value
    try:
        return Settings.model_validate(nested), []
    except ValidationError as error:
        known = _keys()
        problems: dict[str, str] = {}
        for entry in error.errors():
            # Errors inside a list or table are told of its key.
            key = ".".join(str(part) for part in entry["loc"][:2])
            own = str(entry["ctx"]["error"]) if entry["type"] == "value_error" else ""
            if key in known:
                problems.setdefault(key, f"{places[key]}: {refusal(key, known[key], values.get(key), own)}")
            else:  # about several keys of a section
                problems[key] = f"{places[key]}: [{key}]: {own}."
        return None, list(problems.values())
