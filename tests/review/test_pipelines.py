"""The CI files that `init --ci` writes, and the action: sound, least privileged, and honest about failures."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.running import reconciler
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: genomics
manifests: [manifests]
environments:
  prod:
    ai4s: { region: cn-north-4, space: lab }
"""
_PINNED = re.compile(r"^(https://github\.com/)?[a-z]+/[a-z-]+@[0-9a-f]{40}$")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A repository with the CI files of every host."""
    Repository.fresh(tmp_path / "repository").write("reconciler.yaml", PROJECT)
    folder = tmp_path / "repository"
    for host in ("github", "gitlab", "gitea"):
        ended = reconciler(folder, "init", "--ci", host)
        assert ended.code == 0, ended.said
    return folder


def workflows(folder: Path) -> list[Path]:
    """Those of GitHub and Gitea."""
    return sorted([*folder.glob(".github/workflows/*.yml"), *folder.glob(".gitea/workflows/*.yml")])


def jobs(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every job of every workflow."""
    for file in workflows(folder):
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values():
            yield file, job


def test_nothing_is_overwritten(written: Path) -> None:
    """A second time it says what is there already, as one would type it."""
    ended = reconciler(written, "init", "--ci", "github")
    assert ended.code == 64
    assert ended.err.startswith("error: .github/workflows/reconciler-apply.yml is there already: nothing was written\n")


def test_what_is_written_is_told_as_one_would_type_it(tmp_path: Path) -> None:
    """Files below the folder one is in are named from there, with and without CI."""
    ended = reconciler(tmp_path, "init", "--ci", "gitlab", variables={})
    assert "wrote .gitlab/reconciler.yml\n" in ended.err
    assert "wrote manifests/app.yaml\n" in ended.err
    assert str(tmp_path) not in ended.err


def test_no_placeholder_is_left(written: Path) -> None:
    """Every blank was filled in."""
    files = [*workflows(written), written / ".gitlab/reconciler.yml", written / ".gitlab-ci.yml"]
    assert len(files) == 8
    assert not [file for file in files if "@@" in file.read_text(encoding="utf-8")]


def test_actions_are_pinned_and_tokens_are_small(written: Path) -> None:
    """Actions by commit, no permission at the top, no credential left in the checkout, no dangerous trigger."""
    for file in workflows(written):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert document["permissions"] == {}, file
        assert "pull_request_target" not in str(document[True]), file
    for file, job in jobs(written):
        assert job["permissions"].get("contents") in {"read", "write"}, file
        for step in job["steps"]:
            assert "uses" not in step or _PINNED.match(step["uses"]), step
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_no_text_of_others_reaches_a_shell(written: Path) -> None:
    """No script interpolates anything; forks see no secret."""
    for file, job in jobs(written):
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), file
        if "!=" in job.get("if", "") and "full_name" in job["if"]:
            assert "secrets" not in str(job)
            assert set(job["permissions"].values()) == {"read"}
            assert "environment" not in job


def test_an_apply_is_never_cut_short(written: Path) -> None:
    """One after the other; the journal is kept whatever happened."""
    for file in written.glob(".git*/workflows/reconciler-apply.yml"):
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["concurrency"]["cancel-in-progress"] is False
    apply = yaml.safe_load((written / ".github/workflows/reconciler-apply.yml").read_text(encoding="utf-8"))
    assert "always()" in apply["jobs"]["apply"]["steps"][-1]["if"]
    gitlab = yaml.safe_load((written / ".gitlab/reconciler.yml").read_text(encoding="utf-8"))["reconciler-apply"]
    assert gitlab["interruptible"] is False
    assert gitlab["resource_group"]
    assert gitlab["artifacts"]["when"] == "always"


def _scripts(folder: Path) -> list[str]:
    found = [step["run"] for _, job in jobs(folder) for step in job["steps"] if "reconciler " in step.get("run", "")]
    gitlab = yaml.safe_load((folder / ".gitlab/reconciler.yml").read_text(encoding="utf-8"))
    for job in gitlab.values():
        found += ["\n".join(job["script"])] if "script" in job else []
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    return [*found, *(step["run"] for step in action if "case" in step.get("run", ""))]


@pytest.mark.parametrize("code", [0, 3, 4, 65])
def test_exit_codes_reach_the_job(written: Path, tmp_path: Path, code: int) -> None:
    """Whatever the command ends with, the step ends with."""
    for name, status in (("reconciler", code), ("git", 0)):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    variables = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "COMMAND": "apply", "ENVIRONMENT": "prod"}
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    scripts = _scripts(written)
    assert len(scripts) >= 10
    for script in scripts:
        assert subprocess.run([*bash, script], env=variables, check=False).returncode == code, script


def test_the_action_knows_its_commands(tmp_path: Path) -> None:
    """Anything else is refused, and not run."""
    script = _action_script()
    variables = {"PATH": os.environ["PATH"], "COMMAND": "apply; touch pwned"}
    done = subprocess.run(["bash", "-ec", script], env=variables, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 64
    assert not list(tmp_path.iterdir())


def _action_script() -> str:
    steps = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    return str(steps[-1]["run"])


def test_the_git_helper_hands_on_the_token(written: Path, tmp_path: Path) -> None:
    """Git asks the helper that the job's variables configure, for this server and for no other one."""
    job = next(job for file, job in jobs(written) if file.name == "reconciler-apply.yml")
    env = next(step["env"] for step in job["steps"] if "GIT_CONFIG_COUNT" in step.get("env", {}))
    server = {"GIT_CONFIG_KEY_0": env["GIT_CONFIG_KEY_0"].replace("${{ github.server_url }}", "https://git.example")}
    own = {k: v for k, v in env.items() if k.startswith("GIT_CONFIG")} | server | {"GITHUB_TOKEN": "fake-token"}
    quiet = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
    for host, known in (("git.example", True), ("other.example", False)):
        asked = f"protocol=https\nhost={host}\n\n"
        done = subprocess.run(
            ["git", "credential", "fill"], input=asked, env=quiet | own, capture_output=True, text=True, check=False
        )
        assert ("password=fake-token" in done.stdout) is known


@pytest.mark.skipif(shutil.which("zizmor", path=str(Path(sys.executable).parent)) is None, reason="needs zizmor")
def test_zizmor_has_nothing_to_say(written: Path) -> None:
    """Of our own workflows, the action, and what is written for others."""
    zizmor = str(Path(sys.executable).parent / "zizmor")
    files = [ROOT / "action.yml", *sorted((ROOT / ".github").rglob("*.yml")), *workflows(written)]
    done = subprocess.run([zizmor, "--offline", "--no-progress", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout + done.stderr
