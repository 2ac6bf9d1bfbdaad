"""What only a real process shows: start-up, streams, signals, shells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CREDENTIALS, Project
from tests.cli.stubs import answering

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform

PYTHON = [sys.executable, "-m", "reconciler"]
HEAVY = {"requests", "urllib3", "jsonschema", "deepdiff", "git", "yaml", "werkzeug", "waitress", "rich", "sqlite3"}


def _run(*words: str, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], **CREDENTIALS}
    return subprocess.run(
        [*PYTHON, *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False, **options
    )  # type: ignore[call-overload]


def test_version_imports_nothing(tmp_path: Path) -> None:
    """`--version` answers before anything is imported that costs as much as the interpreter itself."""
    code = "import sys; sys.argv = ['reconciler', '--version']; from reconciler.__main__ import main; main()"
    heavy = "m.startswith(('typer', 'reconciler.')) or m in ('contextlib', 're', 'typing')"
    code += f"; print(sorted(m for m in sys.modules if {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("reconciler ")
    assert done.stdout.splitlines()[1] == "['reconciler.__main__', 'reconciler.version']"


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["completion", "bash"], ["apply", "--nonsense"]])
def test_help_imports_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    """Help, completion and usage errors load typer, and none of the libraries that the work needs."""
    code = f"import sys; from reconciler.cli.app import run; run({words!r}); print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "typer" in loaded
    assert loaded & HEAVY == set()
    assert not [name for name in loaded if name.startswith(("reconciler.planning", "reconciler.manifests"))]


def test_exit_code_and_streams(tmp_path: Path) -> None:
    """The exit code reaches the shell; errors go to standard error."""
    done = _run("plan", "--project", "nope.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == "error: there is no project file nope.yaml\n"


def test_apply_without_a_terminal_wants_a_word(project: Project) -> None:
    """Nobody there to ask: it names what to say, and does nothing."""
    project.greeting()
    done = _run("apply", folder=project.root, stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert "--yes" in done.stderr
    assert project.run("state", "list").out == ""


def test_no_colour_in_a_pipe(project: Project) -> None:
    """Piped output is plain; FORCE_COLOR asks for colour, NO_COLOR wins."""
    project.greeting()
    assert "\x1b" not in _run("plan", folder=project.root).stdout
    project.variables["FORCE_COLOR"] = "1"
    assert "\x1b[32m" in project.run("plan").out
    project.variables["NO_COLOR"] = "1"
    assert "\x1b" not in project.run("plan").out


def test_a_reader_who_leaves(project: Project) -> None:
    """Output that nobody reads any more ends the command quietly, with exit code 1."""
    project.greeting()
    command = f"{' '.join(PYTHON)} graph | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project.root, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_while_reading(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end a plan with 130 and without a traceback."""
    arrived = threading.Event()
    with answering(503, {}, {"Retry-After": "30"}, arrived=arrived) as url:
        project = Project(tmp_path / "project", url)
        project.greeting()
        variables = {"PATH": os.environ["PATH"], **CREDENTIALS}
        with subprocess.Popen(
            [*PYTHON, "get"],
            cwd=project.root,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # As from a terminal: what a shell runs in the background is started with Ctrl-C ignored.
            preexec_fn=partial(signal.signal, number, signal.SIG_DFL),  # noqa: PLW1509
        ) as process:
            assert arrived.wait(30)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_asked_to_stop_while_applying(project: Project, platform: Platform) -> None:
    """SIGTERM lets the running call end, writes the journal, exits 130; the next apply goes on without a duplicate."""
    from reconciler.localplatform.faults import FaultRule

    project.greeting()
    platform.faults.add(FaultRule.parse({"fault": "latency", "operation": "CreateApp", "seconds": 2}))
    variables = {"PATH": os.environ["PATH"], **CREDENTIALS}
    with subprocess.Popen(
        [*PYTHON, "apply", "--yes"],
        cwd=project.root,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _until(lambda: any(e["operation"] == "CreateApp" for e in platform.log.report()) or _waiting(platform))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Interrupted" in out
    assert "done     create  ai4s/App/demo/greet@1.0.0" in out
    assert "skipped  create  ai4s/Job/demo/hello" in out
    again = project.run("apply", "--yes")
    assert again.code == 0
    assert "Plan: 2 to create, 1 unchanged." in again.out


def _waiting(platform: Platform) -> bool:
    """Whether the slow call has arrived: a fault rule that struck is counted before it lets go."""
    return any(rule.get("struck") for rule in platform.faults.report())


def _until(holds: object) -> None:
    assert callable(holds)
    for _ in range(400):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reconciler st", {"status", "storages", "state"}),
        ("reconciler plan --form", {"--format"}),
        ("reconciler local st", {"start", "stop", "status"}),
        ("reconciler plan --format ", {"text", "json", "markdown", "html", "github"}),
    ],
)
def test_shell_completion(tmp_path: Path, line: str, expected: set[str]) -> None:
    """The shell is told the words that fit."""
    words = len(line.split(" ")) - 1
    variables = {
        "PATH": os.environ["PATH"],
        "_RECONCILER_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(words),
    }
    done = subprocess.run(PYTHON, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == expected, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tmp_path: Path, shell: str) -> None:
    """Each script names the program and the variable it asks with."""
    done = _run("completion", shell, folder=tmp_path)
    assert done.returncode == 0
    assert "_RECONCILER_COMPLETE" in done.stdout
    if shell == "bash":
        check = subprocess.run(["bash", "-n"], input=done.stdout, text=True, capture_output=True, check=False)
        assert check.returncode == 0, check.stderr


def test_a_person_at_a_terminal(project: Project) -> None:
    """On a terminal apply shows the plan in colour, asks, takes `yes`, and draws its progress over itself."""
    project.greeting()
    shown = _typed(project, "yes\n")
    assert "\x1b[32m" in shown
    assert "Only 'yes' is taken as yes" in shown
    assert "Applied: 3 done." in shown
    assert shown.count("done   \x1b[0m  create") == 3
    project.write("other.yaml", "app: { name: other, version: '1', image: demo/x, commands: [ls] }\n")
    assert "nothing was done" in _typed(project, "y\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["kinds"], ["schema", "ai4s/Job"]])
def test_output_into_a_full_disk(tmp_path: Path, words: list[str]) -> None:
    """Output that finds no room is an error with its reason, whether little or much; no defect, and no traceback."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PYTHON, *words], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: cannot write the output: No space left on device",
        "hint: Whatever was done is done.",
    ]


def _typed(project: Project, answer: str) -> str:
    """What a terminal shows when somebody runs `apply` and types `answer`."""
    import pty

    variables = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **CREDENTIALS}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PYTHON, "apply"], cwd=project.root, env=variables, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        os.write(ours, answer.encode())
        pieces = []
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # what Linux says when the other end is closed
                break
            if not piece:
                break
            pieces.append(piece)
    os.close(ours)
    return b"".join(pieces).decode()
