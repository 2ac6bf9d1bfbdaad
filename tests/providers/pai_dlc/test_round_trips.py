"""Whatever our schemas let an author write goes to the platform and comes back as it was: no field is lost, no plan
finds a difference, with or without a memory.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reconciler.manifests.schemas import load_catalogue
from reconciler.model.change import Action
from reconciler.operations.wiring import able_kinds
from reconciler.planning.normalise import normalise, shows
from reconciler.providers.discovery import providers
from tests.invariants.world import World, shown, world_of
from tests.providers.pai_dlc.generated import boards, jobs
from tests.providers.pai_dlc.opened import at, desired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.kind import Kind
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

KINDS = able_kinds(load_catalogue().kinds, providers())
SHARED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


def echoed(kind: Kind, value: Any, path: str = "") -> Any:
    """What of a spec the platform is to show again: not what it is said to keep to itself, and no objects of zeroes,
    which it shows of itself.
    """
    if isinstance(value, dict):
        below = {name: echoed(kind, item, f"{path}.{name}".lstrip(".")) for name, item in value.items()}
        return {name: item for name, item in below.items() if not _hollow(item) or isinstance(item, bool | int)}
    if isinstance(value, list):
        items = [echoed(kind, each, f"{path}[]") for each in value]
        return [item for item in items if isinstance(item, str) or not _hollow(item)]
    hidden = any(
        (rule.write_only or rule.secret) and f"{path}.".startswith((f"{rule.path}.", f"{rule.path}[]"))
        for rule in kind.rules
    )
    return None if hidden else value


def _hollow(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_hollow, value.values() if isinstance(value, dict) else value))
    return value in (None, "", 0, False)


@SHARED
@given(spec=jobs())
def test_a_job_comes_back_as_it_was_sent(connection: PaiDlcConnection, spec: dict[str, Any]) -> None:
    """Every member that the platform shows, in manifest shape, under our mark."""
    kind, handler = KINDS["pai-dlc", "Job"], connection.handler("Job")
    wanted = desired({"DisplayName": "t", **spec})
    live = handler.read(at("t"), handler.create(wanted).remote_id)  # type: ignore[attr-defined]
    back, sent = (normalise(kind, each, scope="w1") for each in (live.spec, echoed(kind, wanted.spec)))
    assert live.mark == wanted.mark
    assert shows(back, sent), (back, sent)


class Project:
    """A project that is the same for every example, and not part of what is printed of one."""

    def __init__(self, world: World) -> None:
        self.world = world


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of this platform without manifests."""
    with world_of(tmp_path_factory.mktemp("generated"), "pai-dlc") as made:
        for file in (made.root / "manifests").iterdir():
            file.unlink()
        made.variables = {**made.variables, "RECONCILER_SECRET_GENERATED": "fake-value-of-generated"}
        yield Project(made)


@settings(SHARED, max_examples=6, phases=(Phase.generate,))
@given(job=jobs(), shown_by=boards())
def test_what_was_applied_plans_to_nothing(project: Project, job: dict[str, Any], shown_by: dict[str, Any]) -> None:
    """Also for somebody who has lost the memory: everything is taken over, nothing is submitted again."""
    world = project.world
    specs = [("Job", "j", job), ("Tensorboard", "b", shown_by)]
    head = {"apiVersion": "pai-dlc/v1"}
    documents = [{**head, "kind": kind, "metadata": {"name": name}, "spec": spec} for kind, name, spec in specs]
    text = "\n---\n".join(json.dumps(document, ensure_ascii=False) for document in documents)
    (world.root / "manifests" / "generated.yaml").write_text(text, encoding="utf-8")
    shutil.rmtree(world.root / ".reconciler", ignore_errors=True)
    world.platform.services.store.database.execute("DELETE FROM objects")
    assert world.applied().plan().is_empty
    sent = len(world.requests("POST"))
    shutil.rmtree(world.root / ".reconciler")
    planned = world.plan()
    assert {change.action for change in shown(planned)} == {Action.ADOPT}
    world.apply(planned)
    assert len(world.requests("POST")) == sent
    assert world.plan().is_empty
