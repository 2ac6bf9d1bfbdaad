"""A team's service whose work runs on the cluster: the examples, one line of their project files changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import requests

from tests.slurm.served import ROOT, Service, reconciler
from tests.slurm.test_states import jobs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slurm.cluster import Cluster

EXAMPLES = ROOT / "examples"


@pytest.mark.timeout(240)
def test_the_examples_run_on_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    """The quickstart's pipeline and a job of two workers, through `reconciler serve --engine slurm`, killed once."""
    service = Service.made(tmp_path, cluster)
    shared, variables = service.shared, service.variables
    serve = ("-m", "reconciler", "serve", "--engine", "slurm", "--listen", service.listen, "--data", str(service.data))
    with service.served(*serve):
        shutil.copytree(EXAMPLES / "quickstart" / "data", shared / "data" / "demo", dirs_exist_ok=True)
        shutil.copytree(EXAMPLES / "pai-dlc" / "data", shared / "data" / "demo", dirs_exist_ok=True)
        pipeline = _project(tmp_path, "quickstart", "ai4s: { endpoint: local,", service)
        reconciler(variables, "apply", "--yes", folder=pipeline)
    with service.served(*serve):
        reconciler(variables, "apply", "--yes", "--wait", folder=pipeline)
        assert (shared / "data/demo/results/slipper-orchids/report/report.txt").read_text()
        assert reconciler(variables, "plan", "--detailed-exitcode", folder=pipeline)
        workers = _project(tmp_path, "pai-dlc", "pai-dlc: { endpoint: local,", service)
        for other in ("every-field.yaml", "ray.yaml", "spot.yaml"):
            (workers / "manifests" / other).unlink()
        reconciler(variables, "apply", "--yes", "--wait", folder=workers)
        told = requests.get(f"{service.url}/metrics", timeout=10).text
        assert 'reconciler_runs{platform="ai4s",engine="slurm",state="succeeded"} 1' in told
        assert 'reconciler_runs{platform="pai-dlc",engine="slurm",state="succeeded"} 1' in told
    assert jobs(cluster, "slipper") == []


def _project(folder: Path, name: str, line: str, service: Service) -> Path:
    """A copy of an example that goes to the service: one line is different."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns(".reconciler"))
    file = copy / "reconciler.yaml"
    text = file.read_text()
    assert text.count(line) == 1
    file.write_text(text.replace(line, line.replace("local,", f'"{service.url}",')))
    return copy
