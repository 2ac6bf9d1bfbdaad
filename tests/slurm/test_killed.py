"""The server is killed at every boundary of a workflow of twenty tasks; the cluster runs each task exactly once."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.slurm.served import Service, reconciler, tried

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slurm.cluster import Cluster

LAYERS, WIDTH = 4, 5
PATIENCE = 240.0
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: twenty
manifests: [manifests]
default: team
environments:
  team:
    ai4s: {{ endpoint: "{url}", space: demo }}
"""


@pytest.mark.timeout(300)
def test_killed_at_every_boundary_each_task_runs_once(cluster: Cluster, tmp_path: Path) -> None:
    """Before, amid and after each submission, and around every write, `serve` dies; nothing is lost or doubled, seen
    from the user's chair, whose `apply --wait` is called again until it ends well.
    """
    ran, died = tmp_path / "ran", tmp_path / "boundaries"
    service = Service.made(tmp_path, cluster)
    project = _project(tmp_path / "twenty", service, ran)
    dying = ("-m", "tests.slurm.dying_server", str(service.data), service.listen, str(died))
    end = time.monotonic() + PATIENCE
    variables = {**service.variables, "RECONCILER_LIST_LAG": "1"}  # a lost create is not searched for longer than that
    with service.served(*dying, stop=signal.SIGTERM):
        while (done := tried(variables, "apply", "--yes", "--wait", folder=project)).returncode:
            assert time.monotonic() < end, f"{done.stdout}\n{done.stderr}"
        plan = reconciler(service.variables, "plan", folder=project)
    assert sorted(ran.read_text().split()) == sorted(name for names in _names() for name in names)
    assert "No changes" in plan
    lives = died.read_text().splitlines()
    # Several threads of a server come to boundaries at once; who is killed amid a write may never come to its end.
    expected = {"before sbatch": 20, "amid sbatch": 10, "after sbatch": 10, "before note": 20, "after note": 20}
    for moment, count in expected.items():
        seen = sum(each.startswith(moment) for each in lives)
        assert count / 4 <= seen <= count, (moment, seen)
    assert sum(each.startswith("before sbatch") for each in lives) == 20
    assert {each.split()[1] for each in lives} == {"row", "start", "plan", "sbatch", "note", "append", "news"}


def _names() -> list[list[str]]:
    return [[f"t{layer}{number}" for number in range(WIDTH)] for layer in range(LAYERS)]


def _project(folder: Path, service: Service, ran: Path) -> Path:
    """A project of one job of twenty tasks: four layers of five, each of which needs some of the layer before it."""
    folder.mkdir()
    (folder / "manifests").mkdir()
    (folder / "reconciler.yaml").write_text(PROJECT.format(url=service.url))
    app = {
        "name": "note",
        "version": "1.0.0",
        "summary": "Writes down that it ran",
        "image": "demo/python:3.12-slim",
        "commands": [f'echo "${{name}}" >> {ran}', 'mkdir -p "${done}"'],
        "resources": {"cpu_type": "X86", "cpu": "0.5C", "memory": "0.5G"},
        "inputs": [
            {"name": "name", "type": "STRING", "required": True},
            *({"name": f"after{n}", "type": "DIRECTORY", "required": False} for n in range(WIDTH)),
        ],
        "outputs": [{"name": "done", "type": "DIRECTORY", "required": True, "values": ["demo:/done"]}],
    }
    names = _names()
    tasks = [
        _task(name, names[layer - 1][: number + 1] if layer else [])
        for layer in range(LAYERS)
        for number, name in enumerate(names[layer])
    ]
    workflow = {"name": "twenty", "version": "1.0.0", "summary": "Twenty in four layers", "tasks": tasks}
    job = {"name": "twenty-once", "workflow_id": "twenty::1.0.0", "output_dir": "/results/twenty"}
    for key, content in {"app": app, "workflow": workflow, "job": job}.items():
        (folder / "manifests" / f"{key}.yaml").write_text(yaml.safe_dump({key: content}))
    return folder


def _task(name: str, needs: list[str]) -> dict[str, Any]:
    after = [{"name": f"after{n}", "values": [f"${{{need}.done}}"]} for n, need in enumerate(needs)]
    return {"task_name": name, "app_id": "note::1.0.0", "inputs": [{"name": "name", "values": [name]}, *after]}
