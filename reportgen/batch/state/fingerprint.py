"""What a market's outputs depend on, as hashes: equal hashes mean nothing is to be done.

A fingerprint has five parts, so that a rebuild can say its reason and a change that touches only
the documents need not fit the model again. The date of today is not part of it: a report built
yesterday from the same inputs is up to date. Modification times were rejected: copies and
checkouts change them, restored backups do not.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from reportgen.batch.state.files import sha256_bytes, sha256_file
from reportgen.errors import ConfigError
from reportgen.plugins import described
from reportgen.resources import CATALOGUES, PACKAGE, templates_dir
from reportgen.settings.sections import Settings
from reportgen.version import __version__

STACK = (
    "numpy",
    "scipy",
    "statsmodels",
    "pandas",
    "matplotlib",
    "jinja2",
    "weasyprint",
    "babel",
    "pyarrow",
    "xlsxwriter",
)
"""Packages whose version can change a byte of the output."""
# Where the rows lie is no part of the numbers: a table moved from a file to a database gives the same report.
_NOT_NUMBERS = {"source", "table", "query"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Hashes (64 hex digits) of everything a market's folder was made from."""

    data: str
    """The market's slice of the table."""
    numbers: str
    """Settings that change results.json."""
    documents: str
    """Settings that change only the documents, the logo and the template of slides."""
    templates: str
    """Our templates and catalogues of words, and the user's overrides."""
    code: str
    """This program and the libraries below it."""
    rendered_by: str = ""
    """The same where `reportgen render` made the documents with another version than the numbers."""


def fingerprint(settings: Settings, root: Path) -> Fingerprint:
    """Return the fingerprint of a run, with an empty ``data`` part to be filled in per market."""
    return Fingerprint(
        data="",
        numbers=_hash_of(number_settings(settings)),
        documents=_hash_of(_document_settings(settings, root)),
        templates=_templates_hash(settings, root),
        code=code_hash(),
    )


def number_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that numbers depend on, as ``section.key`` → JSON value."""
    panel = settings.panel.model_dump(mode="json")
    chosen = {f"panel.{key}": value for key, value in panel.items() if key not in _NOT_NUMBERS}
    for name in ("model", "adstock", "plan"):
        section = getattr(settings, name).model_dump(mode="json")
        chosen |= {f"{name}.{key}": value for key, value in section.items()}
    # Intervals are numbers of results.json, and the bootstrap draws by the seed.
    chosen["report.confidence"] = settings.report.confidence
    chosen["run.seed"] = settings.run.seed
    return chosen


def calibrated(stamp: Fingerprint, settings: Settings, market: str) -> Fingerprint:
    """The fingerprint of a market in which experiments were made; they change no other one's numbers."""
    found = tuple(one.model_dump_json() for one in settings.calibration if one.market == market)
    return replace(stamp, numbers=hash_strings((stamp.numbers, *found))) if found else stamp


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries that can change a byte."""
    found = {"python": ".".join(map(str, sys.version_info[:3])), "reportgen": __version__}
    # From the packages' metadata: importing them takes long, and a run with nothing to do needs none of them.
    return found | {name: _version(name) for name in STACK}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return a hash of this package's source and of the versions of the stack."""
    return _hash_of({"source": _tree(PACKAGE, "*.py"), "versions": versions(), "plugins": described()})


def _document_settings(settings: Settings, root: Path) -> dict[str, Any]:
    # Each is looked at where it acts: confidence among the numbers, formats by what the folder holds, templates by
    # their content; the other two change the site alone.
    elsewhere = {"confidence", "formats", "templates", "site_url", "search", "words"}
    report = settings.report.model_dump(mode="json", exclude=elsewhere)
    brand = settings.brand.model_dump(mode="json", exclude={"logo", "slides"})
    made = {"report": report, "brand": brand, "as_of": settings.run.as_of}
    for section, key, name in (
        ("brand", "logo", settings.brand.logo),
        ("brand", "slides", settings.brand.slides),
        ("report", "words", settings.report.words),
    ):
        path = root / name
        if name and not path.is_file():
            raise ConfigError(f"{section}.{key}: there is no file {path.name}.", code=f"no-{key}")
        made[key] = sha256_file(path) if name else ""
    # Its version changes bytes where it is used, and is nobody's business where it is not.
    made["engine"] = _version("typst") if settings.report.pdf_engine == "typst" else ""
    return made


def _templates_hash(settings: Settings, root: Path) -> str:
    # Recipes are written into projects and never into reports.
    ours = [entry for entry in _tree(templates_dir(), "*") if not entry[0].startswith("recipes/")]
    trees = [ours, _tree(CATALOGUES, "*.po")]
    if (folder := settings.report.template_folder(root)) is not None:
        if not folder.is_dir():
            raise ConfigError(f"report.templates: there is no folder {settings.report.templates}.", code="no-templates")
        trees.append(_tree(folder, "*"))
    return _hash_of(trees)


def _tree(folder: Path, pattern: str) -> list[tuple[str, str]]:
    files = sorted(path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return [(path.relative_to(folder).as_posix(), sha256_file(path)) for path in files]


def _hash_of(value: object) -> str:
    return sha256_bytes(json.dumps(value, sort_keys=True, ensure_ascii=True).encode())


def hash_strings(parts: tuple[str, ...]) -> str:
    """Return one hash of several strings, order included."""
    digest = hashlib.sha256()
    for part in parts:
        # Lengths first, or ("ab", "c") and ("a", "bc") would be the same.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
