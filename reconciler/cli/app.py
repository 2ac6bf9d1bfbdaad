"""The table of commands, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.cli.group import Entry, command_app, epilog, lazy_group
from reconciler.cli.streams import OutputLost, Streams, open_streams
from reconciler.errors import ManifestsInvalid, PlanBlocked, ReconcilerError
from reconciler.operations.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.secret import Redactor
    from reconciler.operations.settings import Settings

EVERYDAY, LOOKING, OWNING, RUNS, CLUSTER, MEMORY, SETUP, SERVICE = (
    "Every day",
    "Look",
    "Own",
    "Runs",
    "Cluster",
    "Memory",
    "Set up",
    "Service",
)
COMMANDS: Final[Mapping[str, Entry]] = {
    "init": Entry("init", "Start a project in this folder.", EVERYDAY),
    "validate": Entry("validate", "Check the manifests without talking to anybody.", EVERYDAY),
    "plan": Entry("plan", "Show what would change on the live platforms.", EVERYDAY),
    "apply": Entry("apply", "Make the live platforms what the manifests say.", EVERYDAY),
    "review": Entry("review", "Show in a pull request what a change would do.", EVERYDAY),
    "report": Entry("report", "Say in pull requests how their runs go.", EVERYDAY),
    "destroy": Entry("destroy", "Remove everything this project owns.", EVERYDAY),
    "drift": Entry("drift", "Show what moved on the platforms since the last apply.", LOOKING),
    "why": Entry("why", "Explain one decision, down to the line and its author.", LOOKING),
    "show": Entry("show", "Explain a saved plan, or what is known of one address.", LOOKING),
    "graph": Entry("graph", "Draw what needs what, or the tasks of a workflow.", LOOKING),
    "kinds": Entry("kinds", "List what can be declared.", LOOKING),
    "schema": Entry("schema", "Print or export JSON Schemas for editors.", LOOKING),
    "import": Entry("import_", "Write manifests for what exists, and take it over.", OWNING),
    "adopt": Entry("adopt", "Take over what is declared, or accept what moved.", OWNING),
    "forget": Entry("forget", "Let go of what is recorded, and leave it as it is.", OWNING),
    "move": Entry("move", "Rename what is recorded.", OWNING),
    "get": Entry("get", "List what is on a platform, ours or not.", RUNS),
    "status": Entry("status", "Show what is recorded and what is live.", RUNS),
    "logs": Entry("logs", "Print the output of a run.", RUNS),
    "events": Entry("events", "Print what happened to a run.", RUNS),
    "wait": Entry("wait", "Wait until runs have ended.", RUNS),
    "cancel": Entry("cancel", "Stop an active run.", RUNS),
    "retry": Entry("retry", "Ask the platform to run a failed run again.", RUNS),
    "delete": Entry("delete", "Remove by hand what no manifest declares.", RUNS),
    "export": Entry("export", "Write runs into an archive: YAML each, and a table.", RUNS),
    "suspend": Entry("suspend", "Let an active run give way, or stop what stands.", RUNS),
    "resume": Entry("resume", "Let what was suspended go on.", RUNS),
    "metrics": Entry("metrics", "Show what a run uses: a table, and a plot.", RUNS),
    "checks": Entry("checks", "Show how the machines of a run were checked.", RUNS),
    "links": Entry("links", "Print ways into a run: dashboards, terminals, shared links.", RUNS),
    "describe": Entry("describe", "Print one thing as a document.", RUNS),
    "results": Entry("results", "Show what a run has found, or keep the file of it.", RUNS),
    "pods": Entry("pods", "List the containers of a run, and the way in.", RUNS),
    "nodes": Entry("nodes", "List the machines of a platform.", CLUSTER),
    "specs": Entry("specs", "List the machines one can ask for.", CLUSTER),
    "engines": Entry("engines", "List the frameworks a platform brings along.", CLUSTER),
    "pools": Entry("pools", "List the pools of machines of the account.", CLUSTER),
    "clusters": Entry("clusters", "List the clusters one can send runs to.", CLUSTER),
    "storages": Entry("storages", "List what can be mounted into a run.", CLUSTER),
    "whoami": Entry("whoami", "Show whom a platform takes us for.", CLUSTER),
    "login": Entry("login", "Sign in, and say what is wrong where that fails.", CLUSTER),
    "quota": Entry("quota", "Show, or set, how much may be used at once.", CLUSTER),
    "state": Entry("state", "Look into the memory and repair it.", MEMORY),
    "local": Entry("local", "Start and stop the local platform.", SETUP),
    "serve": Entry("serve", "Serve the local platform to a team.", SERVICE),
    "accounts": Entry("accounts", "Say who may use it.", SERVICE),
    "backup": Entry("backup", "Copy its database.", SERVICE),
    "restore": Entry("restore", "Put a copy of its database back.", SERVICE),
    "completion": Entry("completion", "Print a completion script for a shell.", SETUP),
}
_EXAMPLES = (
    ("reconciler init", "start here"),
    ("reconciler plan", "what would change"),
    ("reconciler apply --wait", "do it, and wait for the runs"),
    ("reconciler COMMAND --help", "the options of a command, with examples"),
)
_CLICK_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""The root of what typer raises on a wrong command line; its module has moved between releases, its name has not."""
_NUMBERS: Final = {
    "is not a valid int range": "is no whole number",
    "is not a valid integer range": "is no whole number",
    "is not a valid float range": "is no number",
}

_app = command_app()


@_app.callback(cls=lazy_group(COMMANDS), invoke_without_command=True, epilog=epilog(_EXAMPLES))
def _root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    debug: bool = typer.Option(  # noqa: ARG001 - taken out before parsing, so that it may stand anywhere; here for help
        False, "--debug", help="Print tracebacks of unexpected errors. May stand anywhere."
    ),
) -> int:
    """Declarative GitOps for AI and HPC job platforms: plan, review and apply apps, workflows and jobs as YAML."""
    if version:
        from reconciler.version import __version__

        sys.stdout.write(f"reconciler {__version__}\n")
        raise typer.Exit(ExitCode.FINE)
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(ExitCode.FINE)
    return ExitCode.FINE


def root_command() -> Any:  # noqa: ANN401 - click's own type moved between releases
    """The command that everything hangs below."""
    return typer.main.get_command(_app)


def run(arguments: Sequence[str], settings: Settings | None = None) -> int:
    """Runs one command line and returns the exit code. Never raises. `settings` None: those of this process."""
    streams = open_streams(settings or current_settings())
    debug = "--debug" in _before_separator(arguments)
    rest = [argument for argument in arguments if argument != "--debug"] if debug else list(arguments)
    try:
        with _termination_is_interruption():
            code = _dispatch(rest, streams)
        streams.finish()
    except BrokenPipeError:
        return _gone()
    except OutputLost as error:
        streams.complain(f"cannot write the output: {error}", hint="Whatever was done is done.")
        return _gone()
    except Exception as error:  # noqa: BLE001 - the last resort: a person gets a sentence, the details go to a file
        report_unexpected(error, streams, debug=debug)
        return ExitCode.ERROR
    return int(code)


def _before_separator(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _dispatch(arguments: list[str], streams: Streams) -> int:
    """Parses and calls. Expected errors become messages here and nowhere else."""
    try:
        if streams.settings.completing:
            from typer.completion import completion_init  # type: ignore[attr-defined]  # imported there, not declared

            completion_init()
        return int(root_command().main(arguments, prog_name="reconciler", standalone_mode=False, obj=streams) or 0)
    except KeyboardInterrupt:
        streams.say("interrupted")
        return ExitCode.INTERRUPTED
    except ReconcilerError as error:
        _explain(error, streams)
        return exit_code(error)
    except _CLICK_ERROR as error:
        _explain_usage(error, arguments, streams)
        return ExitCode.USAGE
    except typer.Abort:
        return ExitCode.INTERRUPTED


def _explain(error: ReconcilerError, streams: Streams) -> None:
    if isinstance(error, ManifestsInvalid | PlanBlocked):
        from reconciler.operations.validate import sources
        from reconciler.rendering.findings import render_diagnostics

        texts = sources(error.diagnostics, Path.cwd())
        streams.say(render_diagnostics(error.diagnostics, texts, colour=streams.error_colour).rstrip("\n"))
        return
    streams.complain(error.message, hint=error.hint)


def _explain_usage(error: Any, arguments: Sequence[str], streams: Streams) -> None:  # noqa: ANN401 - see _CLICK_ERROR
    """In one line: the parser breaks some of its messages and has words of its own for numbers."""
    context = getattr(error, "ctx", None)
    named = ["reconciler", *[word for word in arguments[:1] if word in COMMANDS]]
    path = context.command_path if context is not None else " ".join(named)
    message = " ".join(error.format_message().split())
    for theirs, ours in _NUMBERS.items():
        message = message.replace(theirs, ours)
    streams.complain(message, hint=f"See `{path} --help`.")


def report_unexpected(error: Exception, streams: Streams, *, debug: bool) -> str:
    """Says that nobody foresaw this: the details on the stream when asked for, else in a file that is named.

    Returns what was said. No secret of this process is in any of it.
    """
    import traceback

    details = _masking(streams.settings).redact("".join(traceback.format_exception(error)))
    if debug:
        streams.say(details.rstrip("\n"))
        return details
    text = f"unexpected {type(error).__name__}: this is a defect of reconciler, not of your files"
    streams.complain(text, hint=_keep(details))
    return text


def _masking(settings: Settings) -> Redactor:
    """Knows the secrets of this process; where they cannot be looked for, those that manifests name."""
    try:
        from reconciler.operations.wiring import every_secret

        return every_secret(settings)
    except Exception:  # noqa: BLE001 - the defect that is told may be in the way here too
        from reconciler.model.secret import Redactor

        return Redactor(frozenset(settings.secrets()))


def _keep(details: str) -> str:
    """Where the details of a defect can be found."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="reconciler-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(details)
    except OSError:
        return "Run again with --debug to see the details."
    return f"The details are in {file.name}."


def _gone() -> int:
    """The reader of our output went away: end quietly, and keep the interpreter's last flush from complaining."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.ERROR


@contextmanager
def _termination_is_interruption() -> Iterator[None]:
    """SIGTERM, which is what a CI runner sends, does what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
