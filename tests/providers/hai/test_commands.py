"""The words of the command line for what this platform has and others need not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from reconciler.cli.exit_codes import ExitCode
from tests.cli.running import reconciler
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.running import Ended

FILE = "manifests/checkpoint.yaml"
NAME = "Task/checkpointed"


def test_suspend_and_resume(command: Callable[..., Ended]) -> None:
    """It gives way, and goes on under the id it has."""
    before = command("status", NAME, "--format", "json").items[0]
    assert command("suspend", NAME).code == ExitCode.FINE
    assert command("status", NAME, "--format", "json").items[0]["phase"] == "suspended"
    assert command("resume", NAME).code == ExitCode.FINE
    after = command("status", NAME, "--format", "json").items[0]
    assert (after["phase"], after["remote_id"]) == ("running", before["remote_id"])
    assert after["detail"] == "suspended once"


def test_describe_can_be_submitted_again(world: World, command: Callable[..., Ended]) -> None:
    """What is printed is a manifest that means the same: in place of the file it plans to nothing."""
    told = command("describe", NAME)
    assert told.code == ExitCode.FINE
    out = told.out
    assert yaml.safe_load(out)["name"] == "checkpointed"
    assert "rc-" not in out
    (world.root / FILE).write_text(out)
    assert world.plan().is_empty


def test_describe_of_any_task(world: World, command: Callable[..., Ended]) -> None:
    """Also one that is not ours, by its id."""
    (recorded,) = world.recorded().values()
    assert command("describe", "Task", "--id", recorded.remote_id).out == command("describe", NAME).out


def test_nodes(command: Callable[..., Ended]) -> None:
    """Each machine, and who works on it; as a table for people."""
    found = command("nodes", "--format", "json").items
    assert [(row["name"], row["group"], row["use"]) for row in found] == [
        ("local-0", "training", "busy"),
        ("local-1", "training", "free"),
        ("local-2", "training", "free"),
        ("local-3", "training", "free"),
    ]
    assert "local-3" in command("nodes", "--target", "hai").out


def test_whoami(world: World, command: Callable[..., Ended]) -> None:
    """The account and its quota, and never the token."""
    (found,) = command("whoami", "--format", "json").items
    assert (found["user"], found["role"]) == ("local", "internal")
    assert {"name": "training/HIGH", "limit": 4, "used": 1} in found["quota"]
    out = command("whoami").out
    assert "1 of 4 in use" in out
    assert world.variables["MARSV2_USER_TOKEN"] not in out + json.dumps(found)


def test_quota(command: Callable[..., Ended]) -> None:
    """Shown, and set where somebody has said yes."""
    assert command("quota", "--set", "training/HIGH=2").code == ExitCode.USAGE
    assert command("quota", "--set", "training/HIGH=two", "--yes").code == ExitCode.USAGE
    assert command("quota", "--set", "HIGH=2", "--yes").code == ExitCode.USAGE
    assert command("quota", "--set", "training/HIGH=2", "--yes").code == ExitCode.FINE
    assert {"target": "hai", "name": "training/HIGH", "limit": 2, "used": 1} in command(
        "quota", "--format", "json"
    ).items
    assert "training/LOW" in command("quota").out


def test_a_platform_without_an_interface_says_so(tmp_path: Path) -> None:
    """The words are there for every platform; what a platform cannot do is said."""
    with world_of(tmp_path, "pai-dlc") as world:
        for words in (["nodes"], ["whoami"], ["quota", "--target", "pai-dlc"], ["nodes", "--target", "none"]):
            assert reconciler(world.root, *words, variables=world.variables).code == ExitCode.USAGE
        world.applied()
        for word in ("suspend", "resume"):
            ended = reconciler(world.root, word, "Job/on-spot", variables=world.variables)
            assert (ended.code, f"has no {word}" in ended.err) == (ExitCode.USAGE, True)
