"""The examples as a newcomer runs them: the commands of the README, real processes, results one can check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROOT = EXAMPLES.parent
FLOW = "workflows/orchid-phylogeny.yaml"
JOB = "jobs/slipper-orchids.yaml"
RESULTS = Path(".reconciler/local/data/demo/results/slipper-orchids/report")


class Shell:
    """A folder, and a shell in it that has `reconciler` and nothing of the outside."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder = folder
        self._environment = {
            "PATH": f"{commands}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *command: str, expect: int = 0) -> str:
        """Runs a command and returns what it wrote, both streams. Fails on another exit code than expected."""
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=110,
        )
        assert ended.returncode == expect, f"{command} ended with {ended.returncode}:\n{ended.stdout}"
        return ended.stdout

    def reconciler(self, *arguments: str, expect: int = 0) -> str:
        """Runs `reconciler`."""
        return self.run("reconciler", *arguments, expect=expect)

    def edit(self, name: str, before: str, after: str) -> None:
        """Replaces text in a file; it must stand there."""
        file = self.folder / name
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after))


@pytest.fixture
def shell_in(tmp_path: Path) -> Iterator[Callable[[str], Shell]]:
    """Makes a shell in a copy of an example. Its local platform is stopped at the end, whatever happens."""
    commands = tmp_path / "bin"
    commands.mkdir()
    command = commands / "reconciler"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    command.chmod(0o755)
    made: list[Shell] = []

    def make(example: str) -> Shell:
        folder = tmp_path / example
        shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns(".reconciler"))
        made.append(Shell(folder, commands))
        return made[-1]

    yield make
    for shell in made:
        shell.reconciler("local", "stop")


def test_the_demo_tells_its_story(shell_in: Callable[[str], Shell]) -> None:
    """The demo runs the pipeline, every known fact holds, run again it submits nothing; the README keeps its word."""
    shell = shell_in("quickstart")
    first = shell.run("sh", "demo.sh")
    assert "34 of 34 known facts hold: PASS" in first
    assert "No changes" in first
    result = json.loads((shell.folder / RESULTS / "result.json").read_text())
    assert result["verdict"] == "PASS"
    assert {genus: row["records"] for genus, row in result["genera"].items()} == {
        "Cypripedium": 17,
        "Mexipedium": 1,
        "Paphiopedilum": 61,
        "Phragmipedium": 15,
    }
    stamp = (shell.folder / RESULTS / "result.json").stat().st_mtime_ns
    second = shell.run("sh", "demo.sh")
    assert second.count("No changes") == 3
    assert (shell.folder / RESULTS / "result.json").stat().st_mtime_ns == stamp
    _try_what_the_readme_suggests(shell)


def _try_what_the_readme_suggests(shell: Shell) -> None:
    shell.edit(JOB, "description: Are the", "description: Whether the")
    assert "No changes" in shell.reconciler("plan", "--detailed-exitcode")

    shell.edit(JOB, "'12']", "'12', '15']")
    shown = shell.reconciler("plan", "--detailed-exitcode", expect=2)
    assert "1 to create" in shown
    assert "its meaning changed" in shown
    shell.edit(JOB, "'12', '15']", "'12']")

    shell.edit(FLOW, "${qc.sequences}", "${qc.sequence}")
    said = shell.reconciler("validate", expect=65)
    assert f"{FLOW}:21:20" in said
    assert "did you mean 'sequences'?" in said
    shell.edit(FLOW, "${qc.sequence}", "${qc.sequences}")

    shell.edit("data/orchids/facts.json", '"records": 94', '"records": 95')
    shell.reconciler("local", "upload", "data", "demo:/")
    shell.edit(JOB, "# One run.", "lifecycle: { attempt: 2 }\n# One run.")
    shell.reconciler("apply", "--yes", "--wait", expect=8)
    logs = shell.reconciler("logs", "Job/slipper-orchids", "--task", "report")
    assert [line.partition(" | ")[2].split()[0] for line in logs.splitlines() if "DOES NOT HOLD" in line] == ["records"]


def test_the_features_run(shell_in: Callable[[str], Shell]) -> None:
    """Every feature example ends well, really did what it says, plans to nothing, and can be taken down."""
    shell = shell_in("ai4s")
    shell.reconciler("validate")
    shell.reconciler("apply", "--yes", "--wait")
    data = shell.folder / ".reconciler" / "local" / "data" / "demo"
    texts = {file.relative_to(data).as_posix(): file.read_text() for file in data.rglob("*.txt")}

    def of(start: str, end: str) -> list[str]:
        return [text for name, text in sorted(texts.items()) if name.startswith(start) and name.endswith(end)]

    assert of("greet-the-world-", "greeting.txt") == ["hello world\n"]
    assert of("announce-it-", "log.txt") == ["hello, round 1\nhello, round 2\nhello, round 3\n"]
    assert of("sort-backwards-", "sorted.txt") == ["pear\napple\n"]
    assert of("diamond-", "both.txt") == ["55\n3628800\n"] * 2
    assert of("sweep-", ".txt")[:6] == [f"temperature {t}, seed {s}\n" for t in (280, 300, 320) for s in (1, 2)]
    assert of("examples/merge/first/merged-by-the-job/", "joined.txt") == ["hello\ngoodbye\njoined\n"]
    assert of("examples/merge/merge-texts-on-local-disk", "both.txt") == ["hello\ngoodbye\nmerged\n"]
    (counts,) = of("examples/words/first/counted/", "counts.txt")
    assert [line.split()[0] for line in counts.splitlines()] == ["5", "4", "words,"]
    assert counts.endswith("words, really in careful mode\n")
    assert "No changes" in shell.reconciler("plan", "--detailed-exitcode")
    shell.reconciler("destroy", "--yes")
    assert "nothing" in shell.reconciler("status").lower()
