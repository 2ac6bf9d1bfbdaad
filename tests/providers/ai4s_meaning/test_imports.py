"""What is imported means what it is imported from: checks and estimates look there, where that is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.meaning.usage import gpu_hours
from tests.providers.ai4s_meaning.declared import app, found, given, job, manifest, task, workflow

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

ORIGINAL = app(
    name="fold",
    scope="home",
    inputs=[given("sequence", required=True)],
    resources={"gpu": "2", "gpu_type": "GPU"},
    commands=["fold ${sequence}"],
)
FLOW = workflow(task("fold", "fold::1.0.0", inputs={"sequence": ["MKT"]}), scope="home")


def link(kind: str, called: str, **source: str) -> Manifest:
    """An import from the space `home`."""
    spec: dict[str, Any] = {"from": {"space": "home", **source}}
    plain, _, version = called.partition("@")
    return manifest(kind, called, {"name": plain, "version": version, **spec})


def test_a_workflow_of_an_imported_app() -> None:
    """Named by where it came from, or by an expression; under its own name or another: its inputs are known."""
    for name, reference in (
        ("fold@1.0.0", "fold::1.0.0::home"),
        ("theirs@2", "theirs::2::home"),
        ("theirs@2", "$[[ ref.App/theirs@2 ]]"),
    ):
        source = {} if name.startswith("fold") else {"name": "fold", "version": "1.0.0"}
        imported = link("App", name, **source)
        good = workflow(task("a", reference, inputs={"sequence": ["MKT"]}))
        bad = workflow(task("a", reference, inputs={"sequense": ["MKT"]}))
        assert found(ORIGINAL, imported, good) == []
        assert [code for code, *_ in found(ORIGINAL, imported, bad)] == ["meaning.unknown-input"]
        assert found(imported, bad) == [], "nothing is known of what is not declared"


def test_a_job_of_an_imported_workflow() -> None:
    """Its tasks are those of the original."""
    imported = link("Workflow", "theirs@1", name="flow", version="1.0.0")
    good = job(task("fold", inputs={"sequence": ["X"]}), runs="theirs::1::home")
    bad = job(task("fald"), runs="theirs::1::home")
    assert found(ORIGINAL, FLOW, imported, good) == []
    assert [code for code, *_ in found(ORIGINAL, FLOW, imported, bad)] == ["meaning.unknown-task"]
    assert found(imported, bad) == []


def test_an_import_of_an_import_means_nothing() -> None:
    """The platform refuses it; nothing is guessed."""
    onward = manifest(
        "App", "fold@1.0.0", {"name": "fold", "version": "1.0.0", "from": {"space": "lab"}}, scope="third"
    )
    flow = workflow(task("a", "fold::1.0.0::lab", inputs={"nothing": ["x"]}), scope="third")
    assert found(link("App", "fold@1.0.0"), onward, flow) == []


def test_gpu_hours_of_what_is_imported() -> None:
    """Two accelerators for half an hour; unknown without the original. A copy of data takes none."""
    imported = link("Workflow", "theirs@1", name="flow", version="1.0.0")
    run = job(runs="theirs::1::home", timeout=30)
    copy = manifest("DataJob", "copy", {"type": "CLONE_DATA"})
    assert gpu_hours((ORIGINAL, FLOW, imported, run, copy)) == {run.address: 1.0, copy.address: 0.0}
    assert gpu_hours((imported, run)) == {}
