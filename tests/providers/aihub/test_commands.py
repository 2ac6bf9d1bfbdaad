"""The product on this platform, from the command line to the wire: what it does, and how it says what it cannot."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.faults import FaultRule
from reconciler.model.change import Action
from tests.cli.running import reconciler
from tests.invariants.world import World, shown, world_of
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.running import Ended


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The example project, nothing applied yet."""
    with world_of(tmp_path, "aihub") as made:
        yield made


def _run(world: World, *words: str) -> Ended:
    return reconciler(world.root, *words, variables=world.variables)


def _rows(world: World, *words: str) -> list[dict[str, Any]]:
    ended = _run(world, *words, "--format", "json")
    assert ended.code == 0, ended.said
    found: list[dict[str, Any]] = json.loads(ended.out)["items"]
    return found


def test_results_are_shown_and_kept(world: World, tmp_path: Path) -> None:
    """The first rows as a table, and the whole file."""
    world.applied()
    rows = _rows(world, "results", "Search/search-001", "--rows", "3")
    assert len(rows) == 3
    assert set(rows[0]) == {"object_name"}
    kept = tmp_path / "kept.csv"
    ended = _run(world, "results", "Search/search-001", "-o", str(kept))
    assert (ended.code, ended.out) == (0, "")
    assert kept.read_text().startswith("object_name\n")
    assert _run(world, "results", "Training/digits").code == 64


@pytest.mark.parametrize("words", [["get", "Search"], ["get"]])
def test_what_nothing_lists_is_not_said_to_be_absent(world: World, words: list[str]) -> None:
    """`get` says that no call lists it, and where to look instead: "nothing found" would be untrue."""
    ended = _run(world, *words)
    assert ended.code == 64
    assert "no platform here can list" in ended.err
    assert "reconciler status" in ended.err


def test_pods_clusters_storages_and_load(world: World) -> None:
    """What one can run on, and where it runs."""
    world.applied()
    pods = [row["pod"] for row in _rows(world, "pods", "Training/digits")]
    assert [pod.partition("-worker-")[2] for pod in pods] == ["0", "1"]
    clusters = {row["name"]: row for row in _rows(world, "clusters")}
    assert set(clusters) == {"vc-a800-train", "vc-4090-debug", "vc-workflow"}
    assert (clusters["vc-a800-train"]["gpu"], clusters["vc-a800-train"]["network"]) == ("A800", "InfiniBand")
    assert [row["path"] for row in _rows(world, "storages")] == ["/mnt/data1", "/mnt/models"]
    assert _rows(world, "clusters", "--load", "QuotaTask/in-turn") == []
    assert _run(world, "clusters", "--load", "Training/digits").code == 64
    assert _run(world, "whoami").code == 0


def test_status_says_what_nobody_can_see(world: World) -> None:
    """Not that it is gone: that this platform shows nothing of it."""
    world.applied()
    (row,) = _rows(world, "status", "Dataset/digits")
    assert "shows nothing" in json.dumps(row)
    (row,) = _rows(world, "status", "Training/digits")
    assert row["phase"] == "succeeded"


def test_a_lost_answer_stops_its_branch_and_a_person_settles_it(world: World) -> None:
    """Exit 6, what to look for, and nothing is sent again; then the id, and all goes on. Siblings were not held up."""
    world.platform.faults.replace([FaultRule.parse({"fault": "lost", "operation": "createTraining"})])
    first = _run(world, "apply", "--yes")
    assert first.code == 6
    mark = next(line for line in first.out.splitlines() if "it carries rc-" in line)
    sent = len([e for e in world.requests("POST") if e["operation"] == "createTraining"])
    again = _run(world, "apply", "--yes")
    assert again.code == 6
    assert "state settle" in again.said, again.said
    assert len([e for e in world.requests("POST") if e["operation"] == "createTraining"]) == sent
    lost = next(c for c in shown(world.plan()) if c.address.kind == "Training")
    (there,) = [
        entity
        for entity in _entities(world, "Training")
        if (entity.body["description"].rpartition("[")[2].removesuffix("]")) in mark
    ]
    assert there.name == lost.address.name
    settled = _run(world, "state", "settle", str(lost.address), "--submitted", str(there.body["id"]))
    assert settled.code == 0, settled.said
    assert _run(world, "apply", "--yes").code == 0
    assert world.plan().is_empty
    assert len(_entities(world, "Training")) == 2


def test_not_submitted_submits_once_more(world: World) -> None:
    """The other word a person may say."""
    rule = {"fault": "error", "when": "before", "operation": "createRun", "count": 1}
    world.platform.faults.replace([FaultRule.parse(rule)])
    assert _run(world, "apply", "--yes").code == 6
    (lost,) = [change for change in shown(world.plan()) if change.address.kind == "WorkflowRun"]
    assert _run(world, "state", "settle", str(lost.address), "--not-submitted").code == 0
    assert _run(world, "apply", "--yes").code == 0
    assert len(_entities(world, "WorkflowRun")) == 2
    assert world.plan().is_empty


def test_a_memory_that_is_damaged_still_names_every_id(world: World) -> None:
    """Versions are found by their marks; each other thing by what the old memory says, and nothing is sent."""
    before = {address: recorded.remote_id for address, recorded in world.applied().recorded().items()}
    sent = len(world.writes())
    (world.root / ".reconciler" / "state" / "dev" / "head.json").unlink()
    ended = _run(world, "state", "rebuild", "--yes")
    assert ended.code == 0, ended.said
    found = {address for address in world.recorded() if address.kind == "DatasetVersion"}
    assert set(world.recorded()) == found
    for address, remote_id in before.items():
        told = f"{address}: the old memory says {remote_id}: reconciler adopt {address} --id {remote_id}"
        assert address in found or told in ended.err, ended.err
    for address, remote_id in before.items():
        if address not in found:
            assert _run(world, "adopt", str(address), "--id", remote_id, "--yes").code == 0
    assert world.plan().is_empty
    assert {address: recorded.remote_id for address, recorded in world.recorded().items()} == before
    assert len(world.writes()) == sent


def test_a_memory_that_is_gone_is_said_to_be(world: World) -> None:
    """Each thing that nobody can look for is named as unknowable, with the mark to look for; a plan says so too."""
    before = {address: recorded.mark for address, recorded in world.applied().recorded().items()}
    shutil.rmtree(world.root / ".reconciler" / "state")
    planned = world.plan()
    assert "plan.unknowable" in {finding.code for finding in planned.diagnostics}
    ended = _run(world, "state", "rebuild", "--yes")
    for address, mark in before.items():
        named = f"{address}: unknowable: look on the platform for one that carries {mark}" in ended.err
        assert named or address.kind == "DatasetVersion"


def test_the_first_plan_says_what_it_cannot_know_and_later_ones_do_not(world: World) -> None:
    """A note, once: with a memory there is nothing to be unsure of."""
    assert "plan.unknowable" in {finding.code for finding in world.plan().diagnostics}
    assert "plan.unknowable" not in {finding.code for finding in world.applied().plan().diagnostics}


def test_a_dataset_can_neither_be_changed_nor_removed(world: World) -> None:
    """A changed field is refused before anything is sent; a removed one is forgotten, and said to stay."""
    world.applied()
    sent = len(world.writes())
    world.edit("manifests/every-field.yaml", "cover_img: s3://covers/digits.png", "cover_img: s3://covers/x.png")
    (change,) = shown(world.plan())
    assert (change.action, change.address.kind) == (Action.REFUSE, "Dataset")
    world.edit("manifests/every-field.yaml", "cover_img: s3://covers/x.png", "cover_img: s3://covers/digits.png")
    text = (world.root / "manifests" / "every-field.yaml").read_text()
    kept = [document for document in text.split("---\n") if "name: all-digits" not in document]
    (world.root / "manifests" / "every-field.yaml").write_text("---\n".join(kept))
    planned = world.plan()
    assert [change.action for change in shown(planned)] == [Action.FORGET]
    assert "decide.cannot-delete" in {finding.code for finding in planned.diagnostics}
    assert world.apply(planned).complete
    assert len(world.writes()) == sent


def test_the_same_content_is_uploaded_once(world: World) -> None:
    """Wherever the file lies and whatever it is called; other content is another upload."""
    world.applied()
    files = world.root / "files"
    shutil.move(files / "model.pt", files / "renamed.pt")
    for name in ("digits", "every-field"):
        file = world.root / "manifests" / f"{name}.yaml"
        file.write_text(file.read_text().replace("files/model.pt", "files/renamed.pt"))
    assert world.plan().is_empty
    (files / "digits.zip").write_bytes((files / "digits.zip").read_bytes() + b"more")
    changed = [change for change in shown(world.plan()) if change.address.kind == "Upload"]
    assert [(change.action, change.fields[0].path) for change in changed] == [(Action.CREATE, "/file/sha256")]


def test_a_search_that_fails_starts_nothing_that_needs_it(world: World) -> None:
    """It ends as failed, its dependant is not submitted, and the reason stands in the report."""
    world.edit("manifests/sample-flow.yaml", "select object_name from meta", "select object_name from nowhere")
    ended = _run(world, "apply", "--yes")
    assert ended.code == 5
    assert "Search/-/search-001 failed [execution.no-result]" in ended.out
    assert [entity.name for entity in _entities(world, "WorkflowRun")] == ["greeting"]
    assert _run(world, "wait", "Search/search-001").code == 8


def test_names_and_addresses_are_looked_up_when_planning(world: World) -> None:
    """An unknown cluster and a service without an address stop the plan, at their lines."""
    world.edit("manifests/digits.yaml", "vc-a800-train ", "vc-a900-train ")
    ended = _run(world, "plan")
    assert ended.code == 3, ended.said
    assert "lookup.unknown-name" in ended.out
    assert "vc-4090-debug, vc-a800-train" in ended.out
    file = world.root / "reconciler.yaml"
    text = file.read_text()
    url = text.partition("endpoint: ")[2].partition(",")[0]
    services = ("users", "data_warehouse", "datasets", "workflows", "training", "tags", "relay", "evaluation")
    file.write_text(text.replace(f"endpoint: {url}", ", ".join(f"{service}: {url}" for service in services)))
    ended = _run(world, "plan")
    assert ended.code == 3, ended.said
    assert "lookup.no-address" in ended.out
    assert "`quota`" in ended.out


def test_a_secret_reaches_the_platform_and_nothing_else(world: World) -> None:
    """Not a plan, the memory, or what any command prints, though the platform shows it to whoever reads."""
    canary = "canary-that-must-not-sing"
    world.variables = {**world.variables, "RECONCILER_SECRET_RATE": canary}
    world.edit("manifests/every-field.yaml", "value: '0.1'", "value: '$[[ secrets.rate ]]'")
    said = ""
    for words in (
        ("plan", "--format", "json"),
        ("apply", "--yes"),
        ("status", "Training/vip"),
        ("describe", "--detail", "Training/vip"),
        ("show", "Training/vip"),
        ("state", "show", "Training/vip"),
        ("plan",),
    ):
        ended = _run(world, *words)
        assert ended.code == 0, ended.said
        said += ended.out + ended.err
    (sent,) = [entity for entity in _entities(world, "Training") if entity.name == "vip"]
    assert {"key": "RATE", "value": canary} in sent.body["envs"]
    kept = [name for name, content in world.files().items() if canary.encode() in content]
    assert (canary in said, kept) == (False, [])
    password, token = ACCOUNT.secret_key, "Bearer "
    assert (password in said, token in said) == (False, False)


def _entities(world: World, kind: str) -> Any:
    from reconciler.localplatform.store import Query

    return world.platform.services.store.find(Query("aihub", kind)).entities
