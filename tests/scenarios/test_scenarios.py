"""Golden stories: see README.md in this folder."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.cli.running import Ended, Project

HERE = Path(__file__).parent
SCENARIOS = sorted(folder.name for folder in HERE.iterdir() if (folder / "after").is_dir())
_UUID = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
_CHANGING = re.compile(_UUID + r'|"(?P<key>id|lineage|seen|tool_version)": "[^"]+"')


def _settled(text: str) -> str:
    """Ids of platforms by order of appearance, and what differs between releases and machines by name."""
    seen: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        if match["key"]:
            return f'"{match["key"]}": "<{match["key"]}>"'
        return seen.setdefault(match.group(), f"<remote-{len(seen) + 1}>")

    return re.sub(r"\d+\.\d+s$", "<time>", _CHANGING.sub(name, text), flags=re.MULTILINE)


def _put(project: Project, folder: Path) -> None:
    shutil.rmtree(project.root / "manifests")
    shutil.copytree(folder, project.root / "manifests")


def _indented(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, sort_keys=True) if body else ""


def _requests(platform: Platform, ended: Ended) -> str:
    sent = [
        f"{entry['operation']} {entry['status']}\n{_indented(entry['body'])}\n"
        for entry in platform.log.report()
        if entry["method"] != "GET"
    ]
    return "\n".join([*sent, ended.out.rpartition("\n\n")[2]]) + f"exit {ended.code}\n"


@pytest.fixture
def told(project: Project, platform: Platform, request: pytest.FixtureRequest) -> dict[str, str]:
    """The golden files of a scenario as they are now."""
    folder = HERE / request.param
    extra = folder / "project.yaml"
    project.variables["RECONCILER_PARALLELISM"] = "1"
    if (folder / "before").is_dir():
        _put(project, folder / "before")
        assert project.run("apply", "--yes", "--wait").code in {0, 8}
    if extra.exists():
        file = project.root / "reconciler.yaml"
        file.write_text(file.read_text(encoding="utf-8") + extra.read_text(encoding="utf-8"), encoding="utf-8")
    _put(project, folder / "after")
    plan = project.run("plan")
    document = project.run("plan", "--format", "json")
    platform.log.clear()
    applied = project.run("apply", "--yes", "--wait")
    return {
        "plan.txt": _settled(plan.out + f"exit {plan.code}\n"),
        "plan.json": _settled(document.out),
        "requests.txt": _settled(_requests(platform, applied)),
    }


@pytest.mark.parametrize("told", SCENARIOS, indirect=True, ids=SCENARIOS)
def test_scenario(told: dict[str, str], request: pytest.FixtureRequest, update_golden: bool) -> None:
    """What people read and what platforms get is what was looked at and committed."""
    folder = HERE / request.node.callspec.params["told"]
    for name, text in told.items():
        if update_golden:
            (folder / name).write_text(text, encoding="utf-8")
        assert text == (folder / name).read_text(encoding="utf-8"), f"{folder.name}/{name}"


def test_there_are_scenarios() -> None:
    """The stories are found."""
    assert len(SCENARIOS) >= 10
