"""A team's service whose work runs on the cluster: the examples, one line of their project files changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.slurm.daemons import free_ports
from tests.slurm.test_states import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slurm.cluster import Cluster

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENCE = 60.0


@pytest.mark.timeout(240)
def test_the_examples_run_on_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    """The quickstart's pipeline and a job of two workers, through `reconciler serve --engine slurm`, killed once."""
    data, shared = tmp_path / "service", tmp_path / "shared"
    (port,) = free_ports(1)
    account = json.loads(
        _reconciler({}, "accounts", "create", "ana", "--admin", "--data", str(data), "--format", "json")
    )
    row = next(rows[0] for rows in account.values() if isinstance(rows, list))
    (data / "slurm.toml").write_text(f'shared = "{shared}"\nconf = "{cluster.conf}"\npoll = 0.5\n')
    variables = {
        "HUAWEICLOUD_SDK_AK": row["access_key"],
        "HUAWEICLOUD_SDK_SK": row["secret_key"],
        "HUAWEICLOUD_SDK_PROJECT_ID": row["project_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": row["access_key"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": row["secret_key"],
    }
    with _served(data, port):
        _reconciler({}, "accounts", "grant", "ana", "demo", "Administrator", "--data", str(data))
        shutil.copytree(EXAMPLES / "quickstart" / "data", shared / "data" / "demo", dirs_exist_ok=True)
        shutil.copytree(EXAMPLES / "pai-dlc" / "data", shared / "data" / "demo", dirs_exist_ok=True)
        pipeline = _project(tmp_path, "quickstart", "ai4s: { endpoint: local,", port)
        _reconciler(variables, "apply", "--yes", folder=pipeline)
    with _served(data, port):
        _reconciler(variables, "apply", "--yes", "--wait", folder=pipeline)
        assert (shared / "data/demo/results/slipper-orchids/report/report.txt").read_text()
        assert _reconciler(variables, "plan", "--detailed-exitcode", folder=pipeline)
        workers = _project(tmp_path, "pai-dlc", "pai-dlc: { endpoint: local,", port)
        for other in ("every-field.yaml", "ray.yaml", "spot.yaml"):
            (workers / "manifests" / other).unlink()
        _reconciler(variables, "apply", "--yes", "--wait", folder=workers)
        told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        assert 'reconciler_runs{platform="ai4s",engine="slurm",state="succeeded"} 1' in told
        assert 'reconciler_runs{platform="pai-dlc",engine="slurm",state="succeeded"} 1' in told
    assert jobs(cluster, "slipper") == []


def _project(folder: Path, name: str, line: str, port: int) -> Path:
    """A copy of an example that goes to the service: one line is different."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns(".reconciler"))
    file = copy / "reconciler.yaml"
    text = file.read_text()
    assert text.count(line) == 1
    file.write_text(text.replace(line, line.replace("local,", f'"http://127.0.0.1:{port}",')))
    return copy


@contextmanager
def _served(data: Path, port: int) -> Iterator[None]:
    """The service, killed at the end: what it submitted goes on."""
    listen = f"127.0.0.1:{port}"
    words = ["serve", "--engine", "slurm", "--listen", listen, "--data", str(data)]
    process = subprocess.Popen([sys.executable, "-m", "reconciler", *words], stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                assert requests.get(f"http://{listen}/healthz", timeout=5).json()["status"] == "ok"
                break
            except requests.ConnectionError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def _reconciler(variables: dict[str, str], *words: str, folder: Path | None = None) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout
