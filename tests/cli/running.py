"""The command line in this process: the same code from the words on, with the exit code and both streams."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.cli.app import run
from reconciler.operations.settings import Settings
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CREDENTIALS = {
    "HUAWEICLOUD_SDK_AK": ACCOUNT.access_key,
    "HUAWEICLOUD_SDK_SK": ACCOUNT.secret_key,
    "HUAWEICLOUD_SDK_PROJECT_ID": ACCOUNT.project_id,
}
APP = """\
app:
  name: greet
  version: 1.0.0
  image: demo/busybox:1.36
  commands: ['echo hello']
  resources: { cpu: 0.5C, memory: 0.5G }
"""
WORKFLOW = """\
workflow:
  name: hello
  version: 1.0.0
  tasks:
    - { task_name: greet, app_id: 'greet::1.0.0' }
"""
JOB = """\
job:
  name: hello
  workflow_id: hello::1.0.0
  output_dir: /results/hello
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything a person saw."""
        return self.out + self.err

    @property
    def items(self) -> list[dict[str, Any]]:
        """The rows of a JSON answer. Fails where the command did."""
        assert not self.code, self.err
        found: list[dict[str, Any]] = json.loads(self.out)["items"]
        return found


def reconciler(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> Ended:
    """Runs one command line in `folder`. `variables` are all the environment variables it sees."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words), Settings(CREDENTIALS if variables is None else variables))
    return Ended(code, out.getvalue(), err.getvalue())


@dataclass
class Project:
    """A project folder that talks to a platform. Commands run in it."""

    root: Path
    endpoint: str
    variables: dict[str, str] = field(default_factory=lambda: dict(CREDENTIALS))

    def __post_init__(self) -> None:
        self.configure()

    def configure(self, **members: str) -> None:
        """Writes the project file; `members` are more of its keys, as YAML."""
        lines = [
            "apiVersion: reconciler/v1",
            "kind: Project",
            "name: testing",
            "manifests: [manifests]",
            "default: dev",
        ]
        lines += [f"environments: {{ dev: {{ ai4s: {{ endpoint: '{self.endpoint}', space: demo }} }} }}"]
        lines += [f"{name}: {value}" for name, value in members.items()]
        (self.root / "manifests").mkdir(parents=True, exist_ok=True)
        (self.root / "reconciler.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write(self, name: str, text: str) -> Path:
        """A manifest file."""
        file = self.root / "manifests" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def greeting(self) -> None:
        """An app, a workflow and a job that need each other."""
        self.write("app.yaml", APP)
        self.write("workflow.yaml", WORKFLOW)
        self.write("job.yaml", JOB)

    def run(self, *words: str) -> Ended:
        """One command line."""
        return reconciler(self.root, *words, variables=self.variables)

    def remembered(self) -> dict[str, str]:
        """Every file of the memory with its content, to see that nothing was written."""
        folder = self.root / ".reconciler"
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
        return {str(path.relative_to(folder)): path.read_bytes().hex() for path in files}
