"""``reportgen completion``: what the Tab key offers, in bash, zsh and fish.

The scripts ask the program itself, so that they cannot fall behind it; where it has nothing to offer, the shell offers
files. Rejected: Typer's own option, whose fish script offers no files and which writes into the user's start-up files.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

VARIABLE = "_REPORTGEN_COMPLETE"
_BASH = """\
_reportgen() {
    local IFS=$'\\n'
    COMPREPLY=($(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" %s=complete_bash "$1"))
}
complete -o default -F _reportgen reportgen
"""
_ZSH = """\
#compdef reportgen
_reportgen() {
    local -a found
    found=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) %s=complete_bash ${words[1]})}")
    if [[ -n "${found[*]}" ]]; then compadd -- $found; else _files; fi
}
compdef _reportgen reportgen
"""
_FISH = """\
function __reportgen_complete
    set -l words (commandline -opc) (commandline -ct)
    env COMP_WORDS="$words" COMP_CWORD=(math (count $words) - 1) %s=complete_bash $words[1]
end
complete --command reportgen --arguments "(__reportgen_complete)"
"""
_FORMATS = ("html", "pdf", "brief", "xlsx", "pptx", "quarto", "results")


class Shell(StrEnum):
    """Shells that have a script."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


# All three ask by bash's protocol, whose answer is plain lines.
_SCRIPTS = {Shell.bash: _BASH, Shell.zsh: _ZSH, Shell.fish: _FISH}


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.")]) -> None:
    """Print the script that completes commands and options by the Tab key.

    bash: reportgen completion bash > ~/.local/share/bash-completion/completions/reportgen

    zsh: reportgen completion zsh > "${fpath[1]}/_reportgen"

    fish: reportgen completion fish > ~/.config/fish/completions/reportgen.fish
    """
    typer.echo((_SCRIPTS[shell] % VARIABLE).rstrip("\n"))


def answer_shells() -> None:
    """Get ready to answer a shell, where one asks."""
    if VARIABLE in os.environ:
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()  # registers the protocols of the shells


def complete_formats(incomplete: str) -> list[str]:
    """Formats for the last part of a comma list."""
    before, comma, last = incomplete.rpartition(",")
    named = set(before.split(","))
    return [f"{before}{comma}{name}" for name in _FORMATS if name.startswith(last) and name not in named]
