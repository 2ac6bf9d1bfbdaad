"""`reconciler completion`: shells learn our words."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.streams import streams_of


class Shell(StrEnum):
    """The shells a script can be printed for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@single(
    (
        ('eval "$(reconciler completion bash)"', "this shell only"),
        ("reconciler completion zsh > ~/.zfunc/_reconciler", "every new zsh"),
        ("reconciler completion fish > ~/.config/fish/completions/reconciler.fish", ""),
    )
)
def app(context: typer.Context, shell: Annotated[Shell, typer.Argument(help="Which shell.")]) -> int:
    """Print a completion script for a shell."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # imported there, not declared

    script = get_completion_script(prog_name="reconciler", complete_var="_RECONCILER_COMPLETE", shell=shell.value)
    streams_of(context).show(script + "\n")
    return ExitCode.FINE
