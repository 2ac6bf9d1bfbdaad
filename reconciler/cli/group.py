"""A command group that imports a command's file only when that command is called.

The names and one-line summaries stand in a table, so `--help` costs the import of typer and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table: the module below `reconciler.cli` with an `app`, what `--help` says, its section."""

    module: str
    summary: str
    section: str


def command_app() -> typer.Typer:
    """A lean Typer: no rich, no pretty exceptions, no completion options of its own (see `completion`)."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def single(examples: Sequence[tuple[str, str]]) -> Callable[[Callable[..., int]], typer.Typer]:
    """Makes a function into the app of a command; its docstring is the help, `examples` are (command, what for)."""

    def decorate(function: Callable[..., int]) -> typer.Typer:
        app = command_app()
        app.command(epilog=epilog(examples))(function)
        return app

    return decorate


def epilog(examples: Sequence[tuple[str, str]]) -> str:
    """The examples at the end of a help text; the backspace keeps click from joining the lines."""
    width = max(len(command) for command, _ in examples)
    lines = [f"  {command:<{width}}  {what}".rstrip() for command, what in examples]
    return "\n".join(["\b", "Examples:", *lines])


def lazy_group(table: Mapping[str, Entry]) -> type[TyperGroup]:
    """The class of a group whose commands are those of `table`."""

    class LazyGroup(TyperGroup):
        """Commands by name, each imported at first use."""

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - click's own type moved between releases
            return list(table)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
            if cmd_name not in table:
                return None
            if cmd_name not in self.commands:
                module = import_module(f"reconciler.cli.{table[cmd_name].module}")
                command = typer.main.get_command(module.app)
                command.name = cmd_name
                self.commands[cmd_name] = command
            return self.commands[cmd_name]

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
            if args and args[0] not in table and not args[0].startswith("-"):
                ctx.fail(_no_such(args[0], table))
            return super().resolve_command(ctx, args)

        def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
            for section in dict.fromkeys(entry.section for entry in table.values()):
                with formatter.section(section):
                    rows = [(name, entry.summary) for name, entry in table.items() if entry.section == section]
                    formatter.write_dl(rows)

    return LazyGroup


def _no_such(name: str, table: Mapping[str, Entry]) -> str:
    from reconciler.model.spelling import did_you_mean

    near = did_you_mean(name, table)
    return f"There is no command {name!r}." + (f" Did you mean {near!r}?" if near else "")
