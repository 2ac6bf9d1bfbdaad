"""What the platform tells of flavors, pools and machines reaches the reviewer of a change, before anybody merges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.running import reconciler
from tests.invariants.world import CREDENTIALS, world_of
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

FLAVOR = "  spec:\n    resource: { flavor_id: modelarts.vm.cpu.2u }\n---"


def test_the_review_tells_what_the_platform_says(tmp_path: Path) -> None:
    """A flavor with accelerators and no limit is unbounded work, too many machines are an error with their line, and a
    pool that is not there is told with the one that was perhaps meant.
    """
    with world_of(tmp_path, "modelarts") as world:
        git = Repository.fresh(world.root)
        git.write(".gitignore", ".reconciler/\n")
        git.commit("first")
        world.applied()
        git.git("switch", "--quiet", "--create", "change")
        many = FLAVOR.replace("modelarts.vm.cpu.2u", "modelarts.p3.8xlarge.public, node_count: 20")
        world.edit("manifests/train.yaml", FLAVOR, many)
        world.edit("manifests/v1-jobs.yaml", "pool_id: pool-local", "pool_id: pool-locl")
        git.commit("second")
        ended = reconciler(world.root, "review", "--base", "main", "--format", "markdown", variables=CREDENTIALS)
        assert "20 machines of modelarts.p3.8xlarge.public are wanted, and a job may have 16" in ended.out
        assert "the account has no pool" in ended.out
        assert "did you mean" in ended.out
        assert "2 new runs: unbounded GPU-hours for 1 without a time limit and not known for 1" in ended.out
        assert ended.code == 3
