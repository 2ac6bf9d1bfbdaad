"""Looking at what stands on the platform: rows with every column as a filter, and everything about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from reconciler.errors import NotFound, UsageError
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER, standing_rows
from reconciler.providers.facilities import Details
from reconciler.providers.protocol import Browses, BrowsesFrom, Events
from tests.providers.ai4s.opened import KEYS, QUICK, make
from tests.providers.loopback import reply, routed, serving
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

APP = {"name": "greet", "version": "1.0.0", "image": "demo/busybox:1.36", "commands": ["echo"], "labels": ["a", "b"]}
NOTEBOOK = {
    "name": "nb",
    "flavor": {"cpu": 1, "gpu": 0, "memory": 2},
    "image": {"image_type": "SYSTEM", "image_info": {"profile": "PY3"}},
    "storages": [{"path": "demo:/"}],
}


def _rows(connection: Ai4sConnection, kind: str, **filters: str) -> list[Any]:
    handler = connection.handler(kind)
    assert isinstance(handler, Browses)
    return list(handler.browse("demo", {name.replace("_", "-"): text for name, text in filters.items()}, 100))


def test_apps_by_label(connection: Ai4sConnection) -> None:
    """The platform filters by name and version only, the rest is done here; our mark is no label."""
    make(connection, "App", APP)
    make(connection, "App", {**APP, "version": "2.0.0", "labels": ["b"]})
    assert [row.name for row in _rows(connection, "App", labels="a,b")] == ["greet@1.0.0"]
    assert len(_rows(connection, "App", labels="b", name="greet@*", user=ACCOUNT.user)) == 2
    assert _rows(connection, "App", created_before="2000-01-01") == []
    assert {dict(row.facts)["labels"] for row in _rows(connection, "App")} == {"a, b", "b"}
    with pytest.raises(UsageError):
        _rows(connection, "App", label="a")


def test_what_each_kind_shows(connection: Ai4sConnection) -> None:
    """The columns that people know from the console."""
    make(connection, "Notebook", NOTEBOOK)
    (notebook,) = _rows(connection, "Notebook", status="running")
    assert dict(notebook.facts) | {"updated": ""} == {"image": "PY3", "flavor": "1:0:2", "updated": ""}
    (space,) = _rows(connection, "Space", role="owner")
    assert (space.name, space.status) == ("demo", "ACTIVE")
    images = {row.name: dict(row.facts) for row in _rows(connection, "Image", type="app")}
    assert (images["busybox"]["tags"], images["busybox"]["chip"]) == ("1.36, latest", "X86")
    (accelerator,) = _rows(connection, "PerformanceResource", schedulable="yes")
    assert dict(accelerator.facts)["job-quota"] == "2"
    assert _rows(connection, "Label") == []


def test_all_that_the_platform_shows(connection: Ai4sConnection) -> None:
    """Its own document, with what no manifest says: ids, times, members by role."""
    found: dict[str, dict[str, Any]] = {}
    for kind, spec in (("App", APP), ("Notebook", NOTEBOOK)):
        wanted, remote_id = make(connection, kind, spec)
        handler = connection.handler(kind)
        assert isinstance(handler, Details)
        found[kind] = dict(handler.detail(wanted.address, remote_id))
        with pytest.raises(NotFound):
            handler.detail(wanted.address, "nowhere")
    assert found["App"]["commands"] == ["echo"]
    assert found["Notebook"]["status"] == "Running"
    (space,) = _rows(connection, "Space")
    handler = connection.handler("Space")
    assert isinstance(handler, Details)
    shown = handler.detail(Address("ai4s", "Space", NO_SCOPE, "demo"), space.remote_id)
    assert shown["roles"][0] == {"role_type": "Owner", "users": [{"id": ACCOUNT.user_id, "name": ACCOUNT.user}]}


def test_events_of_a_notebook() -> None:
    """Why it does not start stands beside it; oldest first."""
    late = {"type": "Warning", "reason": "FailedScheduling", "message": "no room", "count": 3,
            "first_timestamp": "2026-01-02T00:00:00Z", "last_timestamp": "2026-01-02T00:01:00Z"}  # fmt: skip
    early = {"type": "Normal", "reason": "Created", "message": "", "first_timestamp": "2026-01-01T00:00:00Z"}
    base = f"GET /v1/{ACCOUNT.project_id}/eihealth-projects"
    routes = {
        base: reply(200, {"projects": [{"id": "s1", "name": "demo", "role": "Owner"}], "count": 1}),
        f"{base}/s1/notebooks/n1": reply(200, {"id": "n1", "name": "nb", "events": [late, early]}),
    }
    with serving(routed(routes)) as server:
        handler = PROVIDER.connect(Target("t", "ai4s", server.url, "", "demo"), KEYS, QUICK).handler("Notebook")
        assert isinstance(handler, Events)
        found = list(handler.events(Address("t", "Notebook", "demo", "nb"), "n1"))
    assert [(event.reason, event.count) for event in found] == [("Created", 1), ("FailedScheduling", 3)]


@dataclass(frozen=True)
class Case:
    """A row as the platform sends it, and one cell as it is shown."""

    make: Any
    row: dict[str, Any]
    column: str
    shown: str


@pytest.mark.parametrize(
    "case",
    [
        Case(standing_rows.space, {"size": 24_912_863_232}, "size", "23.20GB"),
        Case(standing_rows.space, {"size": 12}, "size", "12B"),
        Case(standing_rows.space, {}, "size", ""),
        Case(standing_rows.performance_resource, {"space": 500, "free_space": 499.5}, "free", "499.5GB"),
        Case(standing_rows.performance_resource, {"schedulable": False}, "schedulable", "no"),
        Case(standing_rows.notebook, {"image": {"image_info": {"source_project_name": "s", "image_name": "i",
                                                               "image_tag": "t"}}}, "image", "s/i:t"),
        Case(standing_rows.image, {"tags": None}, "tags", ""),
        Case(standing_rows.label, {"level": 3}, "level", "3"),
    ],
)  # fmt: skip
def test_cells(case: Case) -> None:
    """Sizes with their unit, truths in words, nothing where the platform says nothing."""
    assert dict(case.make({"id": "x", "name": "n", **case.row}).facts)[case.column] == case.shown


@pytest.mark.parametrize(
    ("kind", "operation"), [("Job", "ListJob"), ("DataJob", "ListDataJob"), ("Notebook", "ListNotebook")]
)
def test_the_platform_leaves_out_the_first_rows(
    connection: Ai4sConnection, platform: Platform, kind: str, operation: str
) -> None:
    """They never travel; the pages are those of the whole list; a filter of ours is counted here."""
    for number in range(3):
        if kind == "Notebook":
            make(connection, kind, {**NOTEBOOK, "name": f"nb-{number}"})
        else:
            copy = {
                "name": f"c{number}",
                "type": "CLONE_DATA",
                "sub_paths": ["/samples"],
                "target_folder": f"/{number}",
            }
            make(connection, "DataJob", copy)
    if kind == "Job":
        make(connection, "App", APP)
        flow = {"name": "wf", "version": "1.0.0", "tasks": [{"task_name": "t", "app_id": "greet::1.0.0"}]}
        make(connection, "Workflow", flow)
        for number in range(3):
            make(connection, "Job", {"name": f"j-{number}", "tool_id": "wf::1.0.0", "tool_type": "workflow"})
    handler: Any = connection.handler(kind)
    assert isinstance(handler, BrowsesFrom)
    whole = [row.remote_id for row in handler.browse("demo", {}, 10)]
    assert len(whole) == 3
    platform.log.clear()
    assert [row.remote_id for row in handler.browse_from("demo", {}, 2, 1)] == whole[1:]
    assert [row.remote_id for row in handler.browse_from("demo", {}, 2, 3)] == []
    assert [row.remote_id for row in handler.browse_from("demo", {"user": ACCOUNT.user}, 1, 2)] == whole[2:]
    asked = [parse_qs(entry["query"])["offset"] for entry in platform.log.report(operation=operation)]
    assert asked[:2] == [["1"], ["3"]]
