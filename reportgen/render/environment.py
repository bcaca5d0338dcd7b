"""What every Jinja environment of ours shares: strictness, the sandbox for overrides, errors with file and line.

``html.py`` and ``quarto/`` differ in folder, delimiters and escaping; what a broken template means to the caller is the
same for both and lives here. ``select_autoescape`` was rejected: it is off for ``*.html.j2``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reportgen.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "reportgen"
"""Our templates under a second name: an override extends ``reportgen/<its own name>``."""
SIGNS = {
    "variable_start_string": "<<", "variable_end_string": ">>", "block_start_string": "<%", "block_end_string": "%>",
    "comment_start_string": "<#", "comment_end_string": "#>",
}  # fmt: skip
"""Jinja's signs in Quarto templates: ``{{< >}}`` are Quarto's own."""


class InsideLoader(FileSystemLoader):
    """Templates of one folder; a link that leads out of it is not followed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return text, file name and whether it is unchanged.

        Raises
        ------
        TemplateNotFound
            There is no such file inside the folder.
        """
        found = super().get_source(environment, template)
        if not Path(found[1]).resolve().is_relative_to(Path(self.searchpath[0]).resolve()):
            raise TemplateNotFound(template)
        return found


def make_environment(folder: Path, templates: Path | None = None, **options: Any) -> Environment:
    """Environment over our templates; with ``templates`` those win by name and everything runs in a sandbox.

    An override that extends ``reportgen/<name>`` gets our template of that name, and so changes single blocks.

    Parameters
    ----------
    folder
        Our own templates.
    templates
        Folder of user templates, or empty.
    **options
        Delimiters, ``finalize`` and the like. ``autoescape`` is always on: plain text is never output as it is.
    """
    ours = FileSystemLoader(folder)
    settings: dict[str, Any] = {
        "autoescape": True,
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "auto_reload": False,
        **options,
    }
    if templates is not None:
        # The prefix first: where an override extends ours, no file of the project may stand in for it.
        loaders = [PrefixLoader({OURS: ours}), InsideLoader(templates), ours]
        return ImmutableSandboxedEnvironment(loader=ChoiceLoader(loaders), **settings)
    return Environment(loader=ours, **settings)  # noqa: S701 - autoescape is True, in settings


def fill(environment: Environment, name: str, **context: object) -> str:
    """Text of template ``name``.

    Raises
    ------
    TemplateError
        A template is missing, malformed, or names something that does not exist (with file and line).
    """
    try:
        return environment.get_template(name).render(**context)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.name}, line {error.lineno}: {error.message}.", code="template-syntax") from None
    except TemplateNotFound as error:
        raise TemplateError(f"{name}: the template {error.name!r} does not exist.", code="template-missing") from None
    except (TemplateRuntimeError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TemplateError(f"{_place(error, name)}: {str(error).rstrip('.')}.", code="template-failed") from None
    except RecursionError:
        raise TemplateError(f"{name}: a macro or include of it never ends.", code="template-failed") from None


def _place(error: Exception, name: str) -> str:
    """File and line of the innermost template frame (Jinja rewrites tracebacks to template lines)."""
    place, trace = name, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            place = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
