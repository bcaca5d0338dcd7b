"""The settings as files: reportgen.toml with every key, its description and default, and the schema beside it.

Written from the settings' own names, defaults and descriptions, so that it cannot fall behind them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reportgen.settings.coerce import is_table, toml_value
from reportgen.settings.read import settings_schema
from reportgen.settings.sections import SCHEMA_FILE, CalibrationSettings, Settings, sections

_HEAD = f"""\
#:schema ./{SCHEMA_FILE}
# Settings of this project. Every key is here with its default, most of them switched off by a leading #.
# Precedence: command line > REPORTGEN_* environment (REPORTGEN_RUN_JOBS=2) > this file > default.
# Paths start from the folder of this file.
"""
_WRITTEN = {
    "panel": ("source", "market", "pharmacy", "month", "sales", "promotion"),
    "report": ("title",),
    "run": ("out",),
}


def settings_text(values: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> str:
    """Return a settings file with every key, its description and default.

    Parameters
    ----------
    values
        ``section.key`` → value of keys that are to be set; the others are commented out, except
        those that every project has to look at.
    notes
        ``section.key`` → one more comment line above it.
    """
    lines = [_HEAD]
    for section, kind in sections().items():
        lines.append(f"[{section}]")
        for key, field in kind.model_fields.items():
            value = values.get(f"{section}.{key}", field.default)
            active = f"{section}.{key}" in values or key in _WRITTEN.get(section, ())
            shown = toml_value("" if value is None else dict(value) if is_table(field) else value)
            said = (notes or {}).get(f"{section}.{key}")
            lines += [
                f"# {field.description}",
                *([f"# {said}"] if said else ()),
                f"{'' if active else '# '}{key} = {shown}",
            ]
        lines.append("")
    return "\n".join([*lines, *_calibration_lines(), ""])


def _calibration_lines() -> list[str]:
    """An example of what may stand more than once; twice switched off, because a file without it is whole."""
    lines = [
        f"# {Settings.model_fields['calibration'].description} Each stands beside its market's estimate, and with it.",
        "## [[calibration]]",
    ]
    for key, field in CalibrationSettings.model_fields.items():
        shown = field.examples[0] if field.examples else "A" if field.is_required() else field.default
        lines += [f"# {field.description}", f"## {key} = {toml_value(shown)}"]
    return lines


def schema_text() -> str:
    """Return the JSON Schema that the first line of a settings file names, for completion in editors."""
    return json.dumps(settings_schema(), ensure_ascii=False, indent=2) + "\n"
