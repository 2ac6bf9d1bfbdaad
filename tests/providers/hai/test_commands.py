"""The words of the command line for what this platform has and others need not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.cli.app import run
from reconciler.cli.exit_codes import ExitCode
from reconciler.operations.settings import Settings
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE = "manifests/checkpoint.yaml"
NAME = "Task/checkpointed"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One task of the example project, which goes on for ever, applied."""
    with world_of(tmp_path, "hai") as made:
        for name in ("envelope", "every-field", "matrix"):
            (made.root / "manifests" / f"{name}.yaml").unlink()
        made.edit(FILE, "    STATE: state.json", "    STATE: state.json\n    SIMULATED_SECONDS: inf")
        yield made.applied()


@pytest.fixture
def command(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line on the project: exit code and both streams."""

    def act(*words: str) -> tuple[int, str, str]:
        code = run([*words, "--project", str(world.root / "reconciler.yaml")], Settings(dict(world.variables)))
        told = capsys.readouterr()
        return code, told.out, told.err

    return act


def rows(command: Callable[..., Any], *words: str) -> list[dict[str, Any]]:
    """The items of a JSON answer."""
    code, out, err = command(*words, "--format", "json")
    assert code == ExitCode.FINE, err
    found: list[dict[str, Any]] = json.loads(out)["items"]
    return found


def test_suspend_and_resume(command: Callable[..., tuple[int, str, str]]) -> None:
    """It gives way, and goes on under the id it has."""
    before = rows(command, "status", NAME)[0]
    assert command("suspend", NAME)[0] == ExitCode.FINE
    assert rows(command, "status", NAME)[0]["phase"] == "suspended"
    assert command("resume", NAME)[0] == ExitCode.FINE
    after = rows(command, "status", NAME)[0]
    assert (after["phase"], after["remote_id"]) == ("running", before["remote_id"])
    assert after["detail"] == "suspended once"


def test_describe_can_be_submitted_again(world: World, command: Callable[..., tuple[int, str, str]]) -> None:
    """What is printed is a manifest that means the same: in place of the file it plans to nothing."""
    code, out, _ = command("describe", NAME)
    assert code == ExitCode.FINE
    assert yaml.safe_load(out)["name"] == "checkpointed"
    assert "rc-" not in out
    (world.root / FILE).write_text(out)
    assert world.plan().is_empty


def test_describe_of_any_task(world: World, command: Callable[..., tuple[int, str, str]]) -> None:
    """Also one that is not ours, by its id."""
    (recorded,) = world.recorded().values()
    assert command("describe", "Task", "--id", recorded.remote_id)[1] == command("describe", NAME)[1]


def test_nodes(command: Callable[..., tuple[int, str, str]]) -> None:
    """Each machine, and who works on it; as a table for people."""
    found = rows(command, "nodes")
    assert [(row["name"], row["group"], row["use"]) for row in found] == [
        ("local-0", "training", "busy"),
        ("local-1", "training", "free"),
        ("local-2", "training", "free"),
        ("local-3", "training", "free"),
    ]
    assert "local-3" in command("nodes", "--target", "hai")[1]


def test_whoami(world: World, command: Callable[..., tuple[int, str, str]]) -> None:
    """The account and its quota, and never the token."""
    (found,) = rows(command, "whoami")
    assert (found["user"], found["role"]) == ("local", "internal")
    assert {"name": "training/HIGH", "limit": 4, "used": 1} in found["quota"]
    out = command("whoami")[1]
    assert "1 of 4 in use" in out
    assert world.variables["MARSV2_USER_TOKEN"] not in out + json.dumps(found)


def test_quota(command: Callable[..., tuple[int, str, str]]) -> None:
    """Shown, and set where somebody has said yes."""
    assert command("quota", "--set", "training/HIGH=2")[0] == ExitCode.USAGE
    assert command("quota", "--set", "training/HIGH=two", "--yes")[0] == ExitCode.USAGE
    assert command("quota", "--set", "HIGH=2", "--yes")[0] == ExitCode.USAGE
    assert command("quota", "--set", "training/HIGH=2", "--yes")[0] == ExitCode.FINE
    assert {"target": "hai", "name": "training/HIGH", "limit": 2, "used": 1} in rows(command, "quota")
    assert "training/LOW" in command("quota")[1]


def test_a_platform_without_an_interface_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The words are there for every platform; what a platform cannot do is said."""
    with world_of(tmp_path, "ai4s") as world:
        settings, project = Settings(dict(world.variables)), ["--project", str(world.root / "reconciler.yaml")]
        for words in (["nodes"], ["whoami"], ["quota", "--target", "ai4s"], ["nodes", "--target", "none"]):
            assert run([*words, *project], settings) == ExitCode.USAGE
        world.applied()
        for word in ("suspend", "resume", "describe"):
            assert run([word, "Job/greet-the-world", *project], settings) == ExitCode.USAGE
        assert "has no suspend" in capsys.readouterr().err
