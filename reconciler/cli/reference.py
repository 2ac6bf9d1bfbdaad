"""Writes docs/commands.md, docs/errors.md and docs/planning.md from the commands, codes and decisions themselves, and
the tables of counterparts of vendors' own tools into the pages that have some.

`python -m reconciler.cli.reference docs`.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reconciler.cli.app import COMMANDS, root_command
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.reference_counterparts import counterpart_pages
from reconciler.cli.reference_planning import planning_page
from reconciler.model.codes import CODES
from reconciler.providers.discovery import providers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MEANINGS = {
    ExitCode.FINE: "fine, or no changes",
    ExitCode.ERROR: "error",
    ExitCode.CHANGES: "there are changes (only when asked for, with `plan --detailed-exitcode`)",
    ExitCode.BLOCKED: "blocked by policy, budget or a guard",
    ExitCode.STALE: "the plan is stale, or not what was reviewed; nothing was written",
    ExitCode.PARTLY_APPLIED: "partly applied",
    ExitCode.AMBIGUOUS: "a submission is ambiguous and needs settling",
    ExitCode.LOCKED: "another apply holds the lock",
    ExitCode.RUN_FAILED: "a run did not succeed (with `--wait`, and `wait`)",
    ExitCode.USAGE: "the command line makes no sense",
    ExitCode.INVALID: "the manifests are invalid",
    ExitCode.INTERRUPTED: "interrupted; what was begun is in the journal",
}
_GENERATED = "<!-- Written by `make docs`. Do not edit. -->"


def commands_page() -> str:
    """docs/commands.md."""
    lines = ["# Commands", "", _GENERATED, ""]
    for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
        lines += [f"**{section}**", ""]
        names = [name for name, entry in COMMANDS.items() if entry.section == section]
        lines += [f"- [`{name}`](#reconciler-{name}): {COMMANDS[name].summary}" for name in names]
        lines.append("")
    lines += [*_exit_codes(), *_variables(), *_described(root_command(), "reconciler")]
    for name, entry in COMMANDS.items():
        command = typer.main.get_command(import_module(f"reconciler.cli.{entry.module}").app)
        lines += _tree(command, f"reconciler {name}")
    return "\n".join(lines).rstrip("\n") + "\n"


def _exit_codes() -> list[str]:
    rows = [f"| {code.value} | {_MEANINGS[code]} |" for code in ExitCode]
    return ["## Exit codes", "", "| code | means |", "|--:|---|", *rows, ""]


def _variables() -> list[str]:
    from reconciler.operations import settings

    body = (settings.__doc__ or "").split("\n\n")[1:]
    rows = [
        f"| {name} | {', '.join(f'`{variable}`' for variable in each.variables)} | {each.help} |"
        for name, provider in providers().items()
        for each in provider.credentials
    ]
    table = ["Credentials of the platforms:", "", "| platform | variable | holds |", "|---|---|---|", *rows, ""]
    return ["## Environment variables", "", *"\n\n".join(body).rstrip().split("\n"), "", *table]


def _tree(command: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - click's own type moved between releases
    """A command and everything below it."""
    yield from _described(command, path)
    for name, child in getattr(command, "commands", {}).items():
        yield from _tree(child, f"{path} {name}")


def _described(command: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - as above
    yield from [f"## {path}", "", *(command.help or "").strip().split("\n"), ""]
    yield from ["```", _usage(command, path), "```", ""]
    rows = [row for parameter in command.params if (row := _parameter(parameter))]
    if rows:
        yield from ["| option | means |", "|---|---|", *rows, ""]
    if command.epilog:
        examples = command.epilog.split("\n")[2:]
        yield from ["Examples:", "", "```", *(line[2:] for line in examples), "```", ""]


def _usage(command: Any, path: str) -> str:  # noqa: ANN401 - as above
    arguments = [_spelled(p) for p in command.params if p.param_type_name == "argument"]
    return " ".join([path, "[OPTIONS]", *arguments, *(["COMMAND [ARGS]..."] if hasattr(command, "commands") else [])])


def _spelled(argument: Any) -> str:  # noqa: ANN401 - as above
    return str(argument.metavar or argument.name.upper())


def _parameter(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.name == "help":
        return ""
    choices = getattr(parameter.type, "choices", ())
    if parameter.param_type_name == "argument":
        spelling = f"`{_spelled(parameter)}`"
    else:
        value = parameter.metavar or ("" if parameter.is_flag else parameter.name.upper())
        spelling = ", ".join(
            f"`{option} {value}`" if value and not choices else f"`{option}`" for option in parameter.opts
        )
    if choices:
        spelling += " " + ", ".join(f"`{getattr(choice, 'value', choice)}`" for choice in choices)
    default = getattr(parameter.default, "value", parameter.default)
    shown = f" Default: `{default}`." if choices and default is not None else ""
    return f"| {spelling} | {(parameter.help or '').replace('|', chr(92) + '|')}{shown} |"


def errors_page() -> str:
    """docs/errors.md."""
    lines = [
        "# Errors and findings",
        "",
        _GENERATED,
        "",
        "Every code that can be printed, what it means and what to do. Codes keep their meaning for ever.",
        "",
        "| code | means | what to do |",
        "|---|---|---|",
    ]
    for code, (meaning, remedy) in sorted(CODES.items()):
        cells = [text.replace("|", "\\|") for text in (meaning, remedy)]
        lines.append(f"| `{code}` | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "planning.md": partial(planning_page, _GENERATED),
}


def main(folder: Path) -> None:
    """Writes every page into `folder`."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
    for name, text in counterpart_pages(folder).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
