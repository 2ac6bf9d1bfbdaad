"""The example as its README says it: the command line, the local platform, real processes, two suspensions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 100.0
STEP = '        state["step"] += 1\n'
HELD = """\
        if state["step"] == 50 and not Path("go").exists():
            time.sleep(0.02)
            continue
"""
"""Half-way the program waits for a file here: it must not be done before it was suspended, however slow the machine."""
Shell = Callable[..., str]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Runs `reconciler` in a copy of the example; its local platform is stopped at the end."""
    folder = tmp_path / "hai"
    shutil.copytree(ROOT / "examples" / "hai", folder, ignore=shutil.ignore_patterns(".reconciler"))
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def act(*words: str) -> str:
        command = [sys.executable, "-m", "reconciler", *words]
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
        return ended.stdout

    yield act
    act("local", "stop")


def status(shell: Shell) -> dict[str, Any]:
    """How the checkpointing task is."""
    (row,) = json.loads(shell("status", "Task/checkpointed", "--format", "json"))["items"]
    found: dict[str, Any] = row
    return found


def until(shell: Shell, *details: str) -> None:
    """Looks until it says one of `details`, and runs again or has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        row = status(shell)
        if row["detail"] in details and row["phase"] in {"running", "succeeded"}:
            return
        assert time.monotonic() < deadline, row
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_two_suspensions_and_a_matrix(shell: Shell, tmp_path: Path) -> None:
    """One run, three lives, no step lost or done twice; the matrix says what each of its environments was."""
    program = tmp_path / "hai" / "data" / "checkpoint" / "train.py"
    text = program.read_text(encoding="utf-8")
    assert text.count(STEP) == 1
    program.write_text(text.replace(STEP, HELD + STEP), encoding="utf-8")
    shell("local", "upload", "data", "demo:/")
    shell("apply", "--yes", "--except", "*from-git", "--except", "*every-field")
    until(shell, "")
    chain = status(shell)["remote_id"]
    for detail in ("suspended once", "suspended 2 times"):
        shell("suspend", "Task/checkpointed")
        until(shell, detail)
    (program.parent / "go").touch()
    shell("local", "upload", "data", "demo:/")
    shell("wait")
    row = status(shell)
    assert (row["remote_id"], row["phase"]) == (chain, "succeeded")
    said = shell("logs", "Task/checkpointed").splitlines()
    assert said[-1] == f"done after 3 lives: sum {sum(range(101))}"
    assert [line.split()[1] for line in said if line.startswith("life")] == ["1", "2", "3"]
    told = [shell("logs", f"Task/matrix-{name}") for name in ("adam", "sgd", "two-nodes")]
    assert told[0].strip() == "rank 0 of 1: adam at 0.001 (the default)"
    assert told[1].strip() == "rank 0 of 1: sgd at 0.1 (plain, and slower)"
    assert sorted(line.partition("| ")[2].strip() for line in told[2].splitlines()) == [
        "rank 0 of 2: adam at 0.001 (on two nodes)",
        "rank 1 of 2: adam at 0.001 (on two nodes)",
    ]
    assert "No changes" in shell("plan", "--except", "*from-git", "--except", "*every-field")
