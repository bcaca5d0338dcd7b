"""Commands that list themselves in whole sentences, and say in plain words what is wrong with an option."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

# Texts of pydantic and Click. One that a later version words otherwise is printed as it is.
_PLAIN = (
    (r"Input should be a valid integer.*", "write a whole number"),
    (r"Input should be a valid number.*", "write a number"),
    (r"Input should be greater than or equal to (\S+)", r"write a number not below \1"),
    (r"Input should be less than or equal to (\S+)", r"write a number not above \1"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", r"Too many words: \1. Name one; quote a name with spaces."),
    (r"(Option '.*') requires an argument\.", r"\1 needs a value after it."),
    (r"(No such option: -\w)$", r"\1; long options have two dashes, e.g. --formats."),
    (
        r"No such command 'help'\.",
        "No such command 'help': it is --help, also after a command: reportgen build --help.",
    ),
)
_UNITS = {"timeout": " of seconds, e.g. 300", "memory": " of MiB, e.g. 2048"}


class Group(TyperGroup):
    """A group of commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands; Typer would cut each line at the width of the terminal."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, found.get_short_help_str(10_000)) for name, found in commands if found and not found.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def in_plain_words(error: Any) -> None:
    """Put the message of a usage error of Typer's into words that need no Python."""
    message = getattr(error, "message", None)
    if isinstance(message, str):
        for pattern, words in _PLAIN:
            message = re.sub(pattern, words, message)
        if message.endswith("number"):
            message += _UNITS.get(getattr(getattr(error, "param", None), "name", ""), "")
        error.message = message
