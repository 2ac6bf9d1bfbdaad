"""What tests of the service share: an account of it, where it answers, and its users' commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from tests.slurm.daemons import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slurm.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


@dataclass(frozen=True)
class Service:
    """A team's service to be: `data` is its folder, `shared` what its nodes share, `variables` its user's keys."""

    data: Path
    shared: Path
    listen: str
    variables: dict[str, str]

    @classmethod
    def made(cls, folder: Path, cluster: Cluster) -> Service:
        """In `folder`, for one user who may do everything in the space `demo`."""
        data, shared = folder / "service", folder / "shared"
        told = json.loads(reconciler({}, "accounts", "create", "ana", "--admin", "--data", str(data), "--format=json"))
        reconciler({}, "accounts", "grant", "ana", "demo", "Administrator", "--data", str(data))
        row = next(rows[0] for rows in told.values() if isinstance(rows, list))
        (data / "slurm.toml").write_text(f'shared = "{shared}"\nconf = "{cluster.conf}"\npoll = 0.5\n')
        variables = {
            "HUAWEICLOUD_SDK_AK": row["access_key"],
            "HUAWEICLOUD_SDK_SK": row["secret_key"],
            "HUAWEICLOUD_SDK_PROJECT_ID": row["project_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": row["access_key"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": row["secret_key"],
        }
        (port,) = free_ports(1)
        return cls(data, shared, f"127.0.0.1:{port}", variables)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.listen}"

    @contextmanager
    def served(self, *words: str, stop: signal.Signals = signal.SIGKILL) -> Iterator[None]:
        """A Python process with these arguments serves it, from when it answers until it gets `stop` at the end."""
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stderr=subprocess.PIPE)
        try:
            end = time.monotonic() + PATIENCE
            while not self._answers():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(stop)
            process.communicate()

    def _answers(self) -> bool:
        try:
            return bool(requests.get(f"{self.url}/healthz", timeout=5).json()["status"] == "ok")
        except requests.ConnectionError:
            return False


def tried(variables: dict[str, str], *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of ours, and how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def reconciler(variables: dict[str, str], *words: str, folder: Path | None = None) -> str:
    """What a command of ours says, which must end well."""
    done = tried(variables, *words, folder=folder)
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout
