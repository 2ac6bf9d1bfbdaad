"""Tests of what only a real cluster can show. Without `--slurm CONF` they are not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.localplatform.engines.conftest import finish, following, slurm_bench
from tests.slurm.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.localplatform.engines.conftest import Bench


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing to collect where there is no cluster; what is about accounting only where there is that."""
    conf = config.getoption("--slurm")
    if collection_path.name == "test_accounting.py" and conf:
        return None if "/slurmdbd" in Path(conf).read_text() else True
    return True if collection_path.name.startswith("test_") and not conf else None


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster that runs already."""
    conf = Path(request.config.getoption("--slurm"))
    return Cluster(conf.parent, conf, following(request.config))


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Iterator[Bench]:
    """A Slurm engine."""
    made = slurm_bench(tmp_path / "engine", str(cluster.conf), **cluster.follow)
    yield made
    finish(made)


@pytest.fixture
def fan_out(request: pytest.FixtureRequest) -> int:
    """How many elements the fan-out has that is compared with an array."""
    return int(request.config.getoption("--fan-out"))
