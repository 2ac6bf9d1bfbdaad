"""Command lines that make no sense, and help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.app import COMMANDS
from tests.cli.running import APP, Project, reconciler

WRONG = {
    "no such command": (["plon"], "Did you mean 'plan'?"),
    "no such option": (["plan", "--formt", "json"], "No such option"),
    "no such value": (["plan", "--format", "xml"], "xml"),
    "missing argument": (["logs"], "ADDRESS"),
    "number out of range": (["apply", "--parallelism", "0"], "parallelism"),
    "not a variable": (["plan", "--var", "x"], "--var NAME=VALUE"),
    "no such environment": (["plan", "-e", "nope"], "This project has: dev."),
    "no such project file": (["plan", "--project", "nope.yaml"], "nope.yaml"),
    "no such plan": (["apply", "nope.plan"], "plan -o FILE"),
    "a plan and a selection": (["apply", "nope.plan", "--only", "x"], "--only"),
    "selects nothing": (["plan", "--only", "Jb/*"], "nothing matches 'Jb/*'"),
    "excludes nothing": (["plan", "--except", "nope"], "nothing matches 'nope'"),
    "path of nothing": (["plan", "nope.yaml"], "nope.yaml"),
    "nothing applied there": (["status", "Job/nope"], "Job/nope"),
    "logs of nothing": (["logs", "Job/nope"], "Job/nope"),
    "no such kind": (["schema", "Nope"], "ai4s/App"),
    "schema of nothing": (["schema"], "--export"),
    "no such kind to list": (["get", "Nope"], "Workflow"),
    "no such filter of standing things": (["get", "App", "--filter", "colour=red"], "labels"),
    "an id of no kind": (["logs", "Nope", "--id", "x"], "One of: DataJob, Job."),
    "an id of a standing kind": (["logs", "App", "--id", "x"], "KIND --id ID"),
    "no such filter": (["get", "--filter", "colour=red"], "colour"),
    "settling nothing": (["state", "settle", "Job/nope"], "--not-submitted"),
    "show of nothing": (["show", "nope"], "nothing is known of 'nope'"),
    "tasks of an app": (["graph", "--tasks", "App/*"], "no tasks"),
    "upload to nowhere": (["local", "upload", "reconciler.yaml", "demo"], "SPACE:/PATH"),
    "upload of nothing": (["local", "upload", "nope", "demo:/"], "nope"),
    "reset unasked": (["local", "reset"], "--yes"),
}


@pytest.mark.parametrize(("words", "hint"), WRONG.values(), ids=WRONG.keys())
def test_usage_errors(project: Project, words: list[str], hint: str) -> None:
    """Exit 64, one sentence, what to say instead, and nothing on standard output."""
    project.write("app.yaml", APP)
    ended = project.run(*words)
    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert hint in ended.err
    assert "Traceback" not in ended.err


def test_parallelism_from_the_environment(project: Project) -> None:
    """A variable that is no number is refused, not ignored."""
    project.write("app.yaml", APP)
    project.variables["RECONCILER_PARALLELISM"] = "many"
    ended = project.run("plan")
    assert ended.code == 64
    assert "RECONCILER_PARALLELISM" in ended.err


def test_the_environment_variable_chooses(project: Project) -> None:
    """RECONCILER_ENVIRONMENT is the default, -e wins."""
    project.write("app.yaml", APP)
    project.variables["RECONCILER_ENVIRONMENT"] = "nope"
    assert project.run("plan").code == 64
    assert project.run("plan", "-e", "dev").code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    """Help ends in examples that begin with the command, and costs nothing but typer."""
    ended = reconciler(tmp_path, name, "--help")
    assert ended.code == 0
    assert "Examples:" in ended.out
    assert f"reconciler {name}" in ended.out.partition("Examples:")[2]


def test_the_summary_is_the_first_line_of_the_help(tmp_path: Path) -> None:
    """What `reconciler --help` says of a command is how its own help begins, or the same said shorter."""
    listed = reconciler(tmp_path, "--help").out
    for name, entry in COMMANDS.items():
        assert entry.summary in listed
        assert entry.summary.endswith("."), name
        assert len(entry.summary) < 60, name


def test_no_arguments_is_help(tmp_path: Path) -> None:
    """Somebody who types only the name wants to know what there is."""
    ended = reconciler(tmp_path)
    assert ended.code == 0
    assert "Every day:" in ended.out


def kept(told: str) -> str:
    """The details of a defect, from the file that was named; it is gone then."""
    (name,) = re.findall(r"The details are in (\S+)\.", told)
    text = Path(name).read_text(encoding="utf-8")
    Path(name).unlink()
    return text


def test_unexpected_errors_leave_one_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A defect is one line and a file with the details; --debug shows them; neither shows a secret."""
    from reconciler.cli.app import report_unexpected
    from reconciler.cli.streams import open_streams
    from reconciler.operations.settings import Settings

    project.write("app.yaml", APP)
    streams = open_streams(Settings({"RECONCILER_SECRET_X": "fake-canary-4711"}))
    error = ValueError("with fake-canary-4711 in it")
    assert "canary" not in report_unexpected(error, streams, debug=False)
    assert "ValueError: with *** in it" in kept(capsys.readouterr().err)
    details = report_unexpected(error, streams, debug=True)
    assert "ValueError: with *** in it" in details


def test_unexpected_errors_show_no_credentials_either(capsys: pytest.CaptureFixture[str]) -> None:
    """Of any platform, of a proxy or of a host of pull requests; and no odd text keeps them from being told."""
    from reconciler.cli.app import report_unexpected
    from reconciler.cli.streams import open_streams
    from reconciler.operations.settings import Settings

    variables = {
        "HUAWEICLOUD_SDK_SK": "fake-canary-sk",
        "MARSV2_USER_TOKEN": "fake-canary-hai",
        "RECONCILER_PROXY": "http://me:fake-canary-proxy@localhost:1",
        "RECONCILER_FORGE": "github",
        "RECONCILER_FORGE_TOKEN": "fake-canary-forge",
    }
    streams = open_streams(Settings(variables))
    error = ValueError(f"{sorted(variables.values())} \udcff")
    assert "canary" not in report_unexpected(error, streams, debug=True)
    capsys.readouterr()
    line = report_unexpected(error, streams, debug=False)
    assert "canary" not in kept(capsys.readouterr().err)
    assert line == "unexpected ValueError: this is a defect of reconciler, not of your files"


def test_what_is_wrong_with_the_settings_does_not_keep_a_defect_from_being_told() -> None:
    """Secrets are looked for as far as that goes."""
    from reconciler.cli.app import report_unexpected
    from reconciler.cli.streams import open_streams
    from reconciler.operations.settings import Settings

    variables = {"RECONCILER_PROXY": "not a url", "RECONCILER_FORGE": "none", "RECONCILER_SECRET_X": "fake-canary"}
    said = report_unexpected(ValueError("a fake-canary sings"), open_streams(Settings(variables)), debug=True)
    assert "ValueError: a *** sings" in said


UNCLEAR = {
    "no value for an option": (["graph", "--tasks"], "See `reconciler graph --help`"),
    "no number": (["get", "--limit", "x"], "'x' is no whole number"),
    "no number of seconds": (["wait", "--timeout", "x"], "'x' is no number"),
    "no choice": (["completion"], "Choose from: bash, zsh, fish"),
    "approved by whom": (["apply", "--approved"], "--reviewed merged --approved"),
    "a part of what was begun": (["apply", "--resume", "--only", "x"], "--resume finishes what was begun"),
    "a file that is no plan": (["apply", "reconciler.yaml"], "reconciler.yaml: not a saved plan"),
    "an instance of no task": (["status", "--index", "0"], "Say --task NAME as well."),
    "a backup that is not there": (["restore", "nope", "--data", "there"], "there is no backup nope"),
    "adopting what is not there": (
        ["adopt", "App/greet@1.0.0"],
        "there is no ai4s/App/demo/greet@1.0.0 on the platform",
    ),
}


@pytest.mark.parametrize(("words", "said"), UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_wrong_is_named(project: Project, words: list[str], said: str) -> None:
    """Never in the parser's own words, never about something else, and nothing that was asked for is passed over."""
    project.write("app.yaml", APP)
    ended = project.run(*words)
    assert ended.code in {4, 64}
    assert said in ended.err
    assert "\\t" not in ended.err


def test_a_damaged_memory_says_what_to_do(project: Project) -> None:
    """Which file it is, and the command that makes another one."""
    project.write("app.yaml", APP)
    assert project.run("apply", "--yes").code == 0
    (project.root / ".reconciler" / "state" / "dev" / "head.json").write_text("damaged", encoding="utf-8")
    for word in ("status", "plan", "wait"):
        ended = project.run(word)
        assert ended.code == 1
        assert "head.json is damaged" in ended.err
        assert "`reconciler state rebuild`" in ended.err


def test_nothing_to_wait_for(project: Project) -> None:
    """Silence would look like a run that has ended."""
    ended = project.run("wait")
    assert (ended.code, "there is nothing to wait for" in ended.err) == (0, True)


def test_waiting_for_a_platform_that_is_away(project: Project) -> None:
    """Why nothing is heard is told once, not after the patience of the one who waits has ended."""
    project.greeting()
    assert project.run("apply", "--yes").code == 0
    project.endpoint = "http://127.0.0.1:9"
    project.configure()
    ended = project.run("wait", "Job/hello", "--timeout", "0")
    assert ended.code == 1
    assert ended.err.count("asking again") == 1
    assert "nothing listens at http://127.0.0.1:9" in ended.err


def test_adopting_what_is_partly_there(project: Project) -> None:
    """What is not on the platform is named and left out of what is taken over."""
    project.write("app.yaml", APP)
    assert project.run("apply", "--yes").code == 0
    assert project.run("forget", "*", "--yes").code == 0
    project.write("more.yaml", APP.replace("greet", "other"))
    ended = project.run("adopt", "App/*", "--yes")
    assert ended.code in {0, 3}
    assert "not there, so nothing to take over: ai4s/App/demo/other@1.0.0" in ended.err
    assert "create" not in ended.out
