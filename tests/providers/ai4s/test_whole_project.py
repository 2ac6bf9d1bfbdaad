"""The example with every kind: memory that is lost, manifests that are lost, and people of every role."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from reconciler.model.address import NO_SCOPE
from reconciler.model.change import Action
from reconciler.model.kind import CreateClass
from reconciler.providers.ai4s import PROVIDER
from tests.cli.running import reconciler
from tests.invariants.world import World, shown, world_of
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLIND = {kind for kind, how in PROVIDER.create_class.items() if how is CreateClass.BLIND}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The project beside a platform of its own, nothing applied yet."""
    with world_of(tmp_path, "ai4s-whole") as found:
        yield found


def as_user(world: World, name: str) -> dict[str, str]:
    """The variables of a process that another user of the account starts."""
    return {**world.variables, "HUAWEICLOUD_SDK_AK": f"{ACCOUNT.access_key}-{name}"}


def test_every_kind_is_in_it(world: World) -> None:
    """A kind that is missing would go without the laws that every example is held to."""
    assert {change.address.kind for change in world.plan().changes} == set(PROVIDER.kinds)


def test_a_plan_of_it_finds_nothing_to_complain_about(world: World) -> None:
    """What the files name is there, or is made by them; only that of a copy of data nothing can be found out."""
    assert {finding.code for finding in world.plan().diagnostics} <= {"plan.unknowable"}


def test_a_lost_memory_comes_back(world: World) -> None:
    """By marks, and where none can be carried by the adoptions that the project declares; only a copy of data, which
    nobody can find again, would be made anew.
    """
    before = {a: (r.remote_id, r.digest, r.mark, r.attempt) for a, r in world.applied().recorded().items()}
    sent = len(world.writes())
    shutil.rmtree(world.root / ".reconciler" / "state")
    ended = reconciler(world.root, "state", "rebuild", "--yes", variables=world.variables)
    assert ended.code == 0, ended.said
    found = {a: (r.remote_id, r.digest, r.mark, r.attempt) for a, r in world.recorded().items()}
    assert found == {address: each for address, each in before.items() if address.kind not in BLIND}
    assert len(world.writes()) == sent
    assert {(change.address.kind, change.action) for change in shown(world.plan())} <= {("DataJob", Action.CREATE)}


def test_what_is_imported_plans_to_nothing(world: World) -> None:
    """Without manifests and memory everything that stands is written down again, kind by kind, and nothing is sent."""
    before = {address for address in world.applied().recorded() if address.scope in {"demo", NO_SCOPE}}
    shutil.rmtree(world.root / ".reconciler")
    for file in world.manifests():
        file.unlink()
    sent = len(world.writes())
    for kind in ["", *sorted({address.kind for address in before})]:
        ended = reconciler(world.root, "import", *(["--kind", kind] if kind else []), variables=world.variables)
        assert ended.code == 0, ended.said
    recorded = set(world.recorded())
    assert {address for address in before if address.kind not in BLIND} <= recorded
    assert {address.kind for address in recorded - before} <= {"Image", "Space", *BLIND}
    # The space was written down after what stands in it: that this depends on it is all that is left to remember.
    assert {change.action for change in shown(world.plan())} == {Action.ADOPT}
    assert world.applied().plan().is_empty
    assert len(world.writes()) == sent


def test_a_viewer_cannot_apply(world: World) -> None:
    """Grace may look at the shared space, and change nothing in it: she is refused by the platform."""
    world.applied()
    planned = reconciler(world.root, "plan", "--only", "Member/atlas/*", variables=as_user(world, "grace"))
    assert planned.code == 0, planned.said
    world.edit("platform/spaces.yaml", "role: Viewer", "role: Developer")
    ended = reconciler(world.root, "apply", "--yes", "--only", "Member/atlas/grace", variables=as_user(world, "grace"))
    assert ended.code != 0
    assert "needs the role Administrator, and grace is Viewer" in ended.said
    ended = reconciler(world.root, "apply", "--yes", "--only", "Member/atlas/grace", variables=as_user(world, "ada"))
    assert ended.code == 0, ended.said


def test_a_stranger_sees_nothing(world: World) -> None:
    """A space in which one has no role is not there for one."""
    world.applied()
    ended = reconciler(world.root, "plan", "--only", "App/demo/*", variables=as_user(world, "ada"))
    assert re.search(r"there is no space '?demo'?", ended.said)


def test_a_space_is_given_away_only_when_that_is_written(world: World) -> None:
    """Another owner alone blocks the plan; with the former one named it goes over, once."""
    world.applied()
    world.edit("platform/spaces.yaml", "owner: local  ", "owner: ada  ")
    refused = reconciler(world.root, "apply", "--yes", "--only", "Space/-/atlas", variables=world.variables)
    assert (refused.code != 0, "former_owner: local" in refused.said) == (True, True)
    world.edit("platform/spaces.yaml", "  owner: ada  ", "  former_owner: local\n  owner: ada  ")
    given = reconciler(world.root, "apply", "--yes", "--only", "Space/-/atlas", variables=world.variables)
    assert given.code == 0, given.said
    assert "only ada can give it back" in given.said
    again = reconciler(world.root, "plan", "--only", "Space/-/atlas", "--detailed-exitcode", variables=world.variables)
    assert again.code == 0, again.said


def test_an_accelerator_hour_costs_nothing_that_is_copied(world: World) -> None:
    """A budget of GPU-hours lets a copy of data pass: it is known to take none."""
    file = world.root / "reconciler.yaml"
    file.write_text(file.read_text() + "policy: { max_gpu_hours: 0 }\n")
    assert not world.plan().is_blocked


def test_a_new_space_belongs_to_its_maker(world: World) -> None:
    """One that is declared to be somebody else's is made, and the apply says that this is not done."""
    world.edit("platform/spaces.yaml", "owner: local  ", "owner: ada  ")
    ended = reconciler(world.root, "apply", "--yes", "--only", "Space/-/atlas", variables=world.variables)
    assert ended.code == 5, ended.said
    assert "the space atlas belongs to local" in ended.said


def test_an_apply_waits_until_a_notebook_has_arrived(world: World) -> None:
    """It takes a second to start and one to stop; then nothing is left to do."""
    world.platform.services.switches.turn({"notebook_seconds": 1})
    ended = reconciler(world.root, "apply", "--yes", "--only", "Notebook/demo/*", variables=world.variables)
    assert ended.code == 0, ended.said
    turned = [entry["body"] for entry in world.requests("POST") if entry["operation"] == "StopOrStartNotebook"]
    assert turned == ['{"action": "stop"}']
    again = reconciler(
        world.root, "plan", "--only", "Notebook/demo/*", "--detailed-exitcode", variables=world.variables
    )
    assert again.code == 0, again.said


def test_a_run_waits_for_the_data_it_reads(world: World) -> None:
    """A copy that takes a second has succeeded before the job that reads it is submitted; the plan says so."""
    world.platform.services.switches.turn({"data_job_seconds": 1})
    planned = reconciler(world.root, "plan", variables=world.variables)
    assert "waits for ai4s/DataJob/demo/fetch-reads to succeed" in planned.out
    ended = reconciler(world.root, "apply", "--yes", variables=world.variables)
    assert ended.code == 0, ended.said
    operations = [entry["operation"] for entry in world.requests("POST", "GET")]
    submitted = operations.index("ExecuteJob")
    assert operations.index("CopyData") < operations.index("ShowDataJob") < submitted
    (job,) = world.platform.services.store.find(Query("ai4s", "DataJob")).entities
    (run,) = world.platform.services.store.find(Query("ai4s", "Job")).entities
    assert run.created >= job.created + 1
    assert world.plan().is_empty


def test_a_run_whose_data_never_comes_is_held(world: World) -> None:
    """The copy is cancelled: the job is skipped, and the next plan holds it, until another attempt succeeds."""
    world.platform.services.switches.turn({"data_job_seconds": 3600})
    waiting = {**world.variables, "RECONCILER_RESULTS": "0"}
    ended = reconciler(world.root, "apply", "--yes", variables=waiting)
    assert ended.code == 5, ended.said
    assert "is still running, and this works on its result" in ended.said
    stopped = reconciler(world.root, "cancel", "--yes", "DataJob/fetch-reads", variables=world.variables)
    assert stopped.code == 0, stopped.said
    planned = {change.address.kind: change for change in shown(world.plan())}
    assert planned["Job"].action is Action.HOLD
    assert "ai4s/DataJob/demo/fetch-reads, which did not succeed" in planned["Job"].why
    world.platform.services.switches.turn({"data_job_seconds": 0})
    world.edit(
        "work/run.yaml", "metadata: { name: fetch-reads }", "metadata: { name: fetch-reads }\nlifecycle: { attempt: 2 }"
    )
    assert world.applied().plan().is_empty
    assert world.platform.services.store.counts()["ai4s/Job"] == 1


def test_an_import_asks_for_what_is_needed_later(world: World) -> None:
    """What a notebook mounts, without which none is made anew; not how a thing came about. Added to the file, it is
    taken over, and nothing happens to the notebook.
    """
    world.applied()
    shutil.rmtree(world.root / ".reconciler")
    for file in world.manifests():
        file.unlink()
    sent = len(world.writes())
    said = ""
    for kind in ("", "Space", "VendorConfig", "PerformanceResource", "Label"):
        said += reconciler(world.root, "import", *(["--kind", kind] if kind else []), variables=world.variables).said
    told = {line for line in said.splitlines() if line.startswith(tuple(f"{kind}:" for kind in PROVIDER.kinds))}
    assert told == {
        "Notebook: not shown by the platform, so add what was set of storages",
        "Notebook: to have that added without being made anew, `reconciler forget` and `adopt` it then",
        "VendorConfig: not shown by the platform, so add what was set of logo.path",
    }
    (file,) = (each for each in world.manifests() if each.name.startswith("look-at-reads"))
    file.write_text(file.read_text() + "  storages: [{ path: 'demo:/reads/' }]\n")
    for word in ("forget", "adopt"):
        ended = reconciler(world.root, word, "--yes", "Notebook/look-at-reads", variables=world.variables)
        assert ended.code == 0, ended.said
    assert not [change for change in shown(world.plan()) if change.address.kind == "Notebook"]
    assert len(world.writes()) == sent
