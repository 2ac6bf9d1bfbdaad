"""What the platform tells of manifests before they are applied: what is missing, and what is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.diagnostic import Severity, Source
from reconciler.model.manifest import Manifest
from reconciler.providers.ai4s import PROVIDER
from tests.providers.ai4s.opened import make

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

APP = {"name": "say", "version": "1.0.0", "image": "demo/busybox:1.36", "commands": ["true"]}
FLOW = {"name": "talk", "version": "1.0.0", "tasks": [{"task_name": "say", "app_id": "say::1.0.0"}]}
NOTEBOOK = {
    "flavor": {"cpu": 1, "gpu": 0, "memory": 2},
    "image": {"image_type": "SYSTEM", "image_info": {"profile": "PY3"}},
    "storages": [{"path": "demo:/samples/"}],
}


def manifest(kind: str, name: str, spec: dict[str, Any], scope: str = "demo") -> Manifest:
    """One declared thing."""
    return Manifest(Address("ai4s", kind, scope, name), "ai4s", spec, Source("x.yaml"))


def told(connection: Ai4sConnection, *manifests: Manifest) -> list[tuple[str, str, str, str, str]]:
    """Severity, code, pointer, message and hint of each finding."""
    assert PROVIDER.foresee is not None
    found = PROVIDER.foresee(connection, manifests)
    return [(str(f.severity), f.code, f.pointer, f.message, f.hint) for f in found]


def app(**spec: Any) -> Manifest:
    """An app to be made."""
    return manifest("App", "say@1.0.0", {**APP, **spec})


@pytest.fixture
def furnished(connection: Ai4sConnection) -> Ai4sConnection:
    """A space `other` with an image, an app and a workflow, and an app and a workflow in `demo`."""
    make(connection, "Space", {"name": "other"}, NO_SCOPE)
    for scope in ("demo", "other"):
        make(connection, "App", APP, scope)
        make(connection, "Workflow", FLOW, scope)
    make(connection, "Image", {"name": "aligner", "tag": "2.4"}, "other")
    return connection


CASES: list[tuple[Manifest, tuple[str, str, str, str, str] | None]] = [
    (app(), None),
    (
        app(image="[AssetMarket]/x:1"),
        ("warning", "preflight.no-image", "/image", "has no image [AssetMarket]/x:1", "import it"),
    ),
    (app(image="$[[ vars.image ]]"), None),
    (
        app(image="demo/busybox:1.37"),
        (
            "warning",
            "preflight.no-image",
            "/image",
            "has no tag 1.37",
            "its tags are 1.36, latest; push it: docker tag busybox:1.37 localhost/local-demo/busybox:1.37 && docker",
        ),
    ),
    (
        app(image="demo/busibox:1.36"),
        (
            "warning",
            "preflight.no-image",
            "/image",
            "demo has no image demo/busibox:1.36",
            "did you mean 'busybox'? push it",
        ),
    ),
    (
        app(image="other/aligner:2.4"),
        (
            "warning",
            "preflight.no-image",
            "/image",
            "demo has no image other/aligner:2.4",
            "import it: an Image aligner with `from: { space: other, tag: 2.4 }`",
        ),
    ),
    (app(node_labels=["local"]), None),
    (
        app(node_labels=["lokal"]),
        (
            "warning",
            "preflight.no-node",
            "/node_labels/0",
            "no node carries the label 'lokal'",
            "did you mean 'local'?",
        ),
    ),
    (manifest("Workflow", "two@1", {"tasks": [{"app_id": "say::1.0.0"}]}), None),
    (manifest("Workflow", "two@1", {"tasks": [{"app_id": "say::1.0.0::demo"}]}), None),
    (
        manifest("Workflow", "two@1", {"tasks": [{"app_id": "say::2.0.0"}]}),
        (
            "error",
            "preflight.no-app",
            "/tasks/0/app_id",
            "the space demo has no app say 2.0.0",
            "its versions are 1.0.0",
        ),
    ),
    (
        manifest("Workflow", "two@1", {"tasks": [{"app_id": "sag::1.0.0"}]}),
        ("error", "preflight.no-app", "/tasks/0/app_id", "no app sag 1.0.0", "did you mean 'say::1.0.0'?"),
    ),
    (
        manifest("Workflow", "two@1", {"tasks": [{"app_id": "say::1.0.0::other"}]}),
        ("error", "preflight.no-app", "/tasks/0/app_id", "say 1.0.0 that comes from other", "its versions are"),
    ),
    (
        manifest("Workflow", "two@1", {"tasks": [{"app_id": "no-such-id"}]}),
        ("error", "preflight.no-app", "/tasks/0/app_id", "with the id no-such-id", "name::version"),
    ),
    (manifest("Job", "run", {"tool_id": "talk::1.0.0"}), None),
    (
        manifest("Job", "run", {"tool_id": "talk::1.1.0"}),
        ("error", "preflight.no-workflow", "/tool_id", "no workflow talk 1.1.0", "its versions are 1.0.0"),
    ),
    (manifest("Job", "run", {"tool_id": "say::1.0.0", "tool_type": "app"}), None),
    (
        manifest("Job", "run", {"tool_id": "talk::1.0.0", "node_labels": ["gpu"]}),
        ("error", "preflight.no-node", "/node_labels/0", "'gpu'", "there is ai4s.label, local"),
    ),
    (manifest("Job", "run", {"tool_id": "talk::1.0.0", "io_acc_id": "auto_schedule"}), None),
    (
        manifest("Job", "run", {"tool_id": "talk::1.0.0", "io_acc_id": "sfs-turbo-lokal"}),
        (
            "error",
            "preflight.no-accelerator",
            "/io_acc_id",
            "no performance resource 'sfs-turbo-lokal'",
            "$[[ ref.PerformanceResource/sfs-turbo-local ]]",
        ),
    ),
    (
        manifest("Job", "run", {"tool_id": "talk::1.0.0", "io_acc_id": "zzz"}),
        ("error", "preflight.no-accelerator", "/io_acc_id", "'zzz'", "there is auto_schedule, local_disk"),
    ),
    (manifest("Notebook", "nb", NOTEBOOK), None),
    (
        manifest("Notebook", "nb", {**NOTEBOOK, "storages": []}),
        ("error", "preflight.no-storage", "", "mounts nothing", "<space>:/path"),
    ),
    (
        manifest("Notebook", "nb", {**NOTEBOOK, "storages": [{"path": "demo:/sample"}]}),
        (
            "warning",
            "preflight.no-data",
            "/storages/0/path",
            "there is no demo:/sample",
            "did you mean 'demo:/samples'?",
        ),
    ),
    (
        manifest(
            "Notebook",
            "nb",
            {
                **NOTEBOOK,
                "image": {
                    "image_type": "CUSTOMER",
                    "image_info": {"source_project_name": "demo", "image_name": "busybox", "image_tag": "2"},
                },
            },
        ),
        ("error", "preflight.no-image", "/image/image_info", "has no tag 2", "its tags are"),
    ),
    (manifest("DataJob", "copy", {"sub_paths": ["/samples/reads.txt"], "target_folder": "/x"}), None),
    (
        manifest("DataJob", "copy", {"sub_paths": ["/samples/read.txt"], "target_folder": "/x"}),
        (
            "warning",
            "preflight.no-data",
            "/sub_paths/0",
            "there is no demo:/samples/read.txt",
            "did you mean 'demo:/samples/reads.txt'?",
        ),
    ),
    (
        manifest("DataJob", "copy", {"source_space": "other", "sub_paths": ["/y"], "target_folder": "/x"}),
        ("warning", "preflight.no-data", "/sub_paths/0", "there is no other:/y", "put it there"),
    ),
    (manifest("App", "theirs@1.0.0", {"from": {"space": "other", "name": "say"}}), None),
    (
        manifest("App", "theirs@1.0.0", {"from": {"space": "other"}}),
        ("error", "preflight.no-app", "/from", "the space other has no app theirs@1.0.0", "did you mean 'say::1.0.0'?"),
    ),
    (
        manifest("Workflow", "talk@2", {"from": {"space": "other"}}),
        ("error", "preflight.no-workflow", "/from", "no workflow talk@2", "its versions are 1.0.0"),
    ),
    (
        manifest("App", "say@1.0.0", {"from": {"space": "othr"}}),
        ("error", "preflight.no-space", "/from/space", "no space 'othr'", "did you mean 'other'?"),
    ),
    (manifest("Image", "aligner", {"from": {"space": "other", "tag": "2.4"}}), None),
    (
        manifest("Image", "aligner", {"from": {"space": "other", "tag": "2.5"}}),
        ("error", "preflight.no-image", "/from", "other has no image aligner:2.5", "its tags are 2.4"),
    ),
    (
        manifest("Image", "busybox", {"removed_tags": ["latest"]}),
        ("warning", "preflight.tag-destroyed", "/removed_tags/0", "for everybody and for good", "take it out"),
    ),
    (manifest("Image", "busybox", {"removed_tags": ["gone"]}), None),
    (manifest("PerformanceResource", "sfs-turbo-local", {}, NO_SCOPE), None),
    (
        manifest("PerformanceResource", "sfs-turbo-locl", {}, NO_SCOPE),
        ("error", "preflight.no-accelerator", "/name", "none is ever bought", "did you mean 'sfs-turbo-local'?"),
    ),
    (manifest("Space", "other", {"owner": "local"}, NO_SCOPE), None),
    (
        manifest("Space", "other", {"owner": "ada"}, NO_SCOPE),
        ("error", "preflight.transfer", "/owner", "belongs to local", "former_owner: local"),
    ),
    (
        manifest("Space", "other", {"owner": "ada", "former_owner": "local"}, NO_SCOPE),
        ("error", "preflight.transfer", "/owner", "ada is no administrator", "in an apply of its own"),
    ),
    (manifest("App", "any@1", {"image": "x/y:1"}, "not-there-yet"), None),
]


@pytest.mark.parametrize(
    ("declared", "expected"), CASES, ids=lambda v: f"{v.address.name}" if isinstance(v, Manifest) else ""
)
def test_what_is_told(furnished: Ai4sConnection, declared: Manifest, expected: Any) -> None:
    """One finding at the place that is wrong, or none; with what is near, or what to do."""
    found = told(furnished, declared)
    if expected is None:
        assert found == []
        return
    (finding,) = found
    assert finding[:3] == expected[:3]
    assert expected[3] in finding[3]
    assert expected[4] in finding[4]


def test_what_the_plan_makes_counts_as_there(connection: Ai4sConnection) -> None:
    """Images, apps, workflows, spaces and data of the same plan are not asked for."""
    assert (
        told(
            connection,
            manifest("Space", "lab", {}, NO_SCOPE),
            manifest("Image", "own", {"tag": "1"}),
            app(image="demo/own:1"),
            manifest("Workflow", "talk@1.0.0", FLOW),
            manifest("DataJob", "copy", {"sub_paths": ["/samples/"], "target_folder": "/in"}),
            manifest(
                "Job",
                "run",
                {
                    "tool_id": "talk::1.0.0",
                    "output_dir": "/out",
                    "tasks": [
                        {"inputs": [{"values": ["demo:/in/samples/reads.txt", "demo:/out/x", "${say.out}", "plain"]}]}
                    ],
                },
            ),
            manifest("App", "say@1.0.0", {"from": {"space": "demo"}}, "lab"),
        )
        == []
    )


def test_a_tag_in_use_is_not_removed(connection: Ai4sConnection) -> None:
    """An app of the same plan keeps its image."""
    image = manifest("Image", "busybox", {"removed_tags": ["1.36"]})
    ((severity, code, pointer, message, _),) = told(connection, app(), image)
    assert (severity, code, pointer) == ("error", "preflight.tag-in-use", "/removed_tags/0")
    assert "the app say@1.0.0 uses it" in message


def test_data_of_a_job_that_is_not_there(furnished: Ai4sConnection) -> None:
    """Said for each value, and only where it names a space there is."""
    values = ["demo:/samples/reads.tx", "nowhere:/x", "http://x/y", "demo:relative"]
    job = manifest("Job", "run", {"tool_id": "talk::1.0.0", "tasks": [{"inputs": [{"values": values}]}]})
    ((_, code, pointer, message, hint),) = told(furnished, job)
    assert (code, pointer) == ("preflight.no-data", "/tasks/0/inputs/0/values/0")
    assert (message, hint) == ("there is no demo:/samples/reads.tx", "did you mean 'demo:/samples/reads.txt'?")


def test_a_full_accelerator(furnished: Ai4sConnection, platform: Platform) -> None:
    """A quota of nothing, or one that is closed, is a warning: that may be over before the run is submitted."""
    (row,) = furnished.handler("PerformanceResource").rows()  # type: ignore[attr-defined]
    job = manifest("Job", "run", {"tool_id": "talk::1.0.0", "io_acc_id": row["id"]})
    assert told(furnished, job) == []
    for settings, message in (({"job_quota": 0}, "as many as may"), ({"schedulable": False}, "takes no jobs now")):
        resource = manifest("PerformanceResource", row["name"], settings, NO_SCOPE)
        update(furnished, resource, row["id"])
        ((severity, code, _, text, _),) = told(furnished, job)
        assert (severity, code) == ("warning", "preflight.accelerator-full")
        assert message in text
    assert platform.services.store.counts()["ai4s/Performance"] == 1


def update(connection: Ai4sConnection, changed: Manifest, remote_id: str) -> None:
    """Sets what a manifest says."""
    from tests.providers.ai4s.opened import desired

    connection.handler(changed.address.kind).update(remote_id, desired(changed.address, changed.spec))  # type: ignore[attr-defined]


def test_what_is_imported_is_not_imported_on(furnished: Ai4sConnection) -> None:
    """With where it comes from."""
    make(furnished, "Image", {"name": "aligner", "from": {"space": "other", "tag": "2.4"}})
    make(furnished, "App", {"name": "theirs", "version": "1.0.0", "from": {"space": "other", "name": "say"}})
    make(furnished, "Space", {"name": "third"}, NO_SCOPE)
    findings = told(
        furnished,
        manifest("Image", "aligner", {"from": {"space": "demo", "tag": "2.4"}}, "third"),
        manifest("App", "theirs@1.0.0", {"from": {"space": "demo"}}, "third"),
    )
    assert [finding[1] for finding in findings] == ["preflight.not-importable"] * 2
    assert {finding[4] for finding in findings} == {"import it from other"}


def test_a_transfer_that_can_be_done_is_told(furnished: Ai4sConnection) -> None:
    """A warning: nobody but the new owner can take it back."""
    make_member(furnished, "other", "ada")
    space = manifest("Space", "other", {"owner": "ada", "former_owner": "local"}, NO_SCOPE)
    ((severity, code, *_),) = told(furnished, space)
    assert (severity, code) == (Severity.WARNING, "preflight.transferred")


def make_member(connection: Ai4sConnection, scope: str, user: str) -> None:
    """Adds an administrator."""
    from tests.providers.ai4s.opened import desired

    address = Address("ai4s", "Member", scope, user)
    connection.handler("Member").create(desired(address, {"user": user, "role": "Administrator"}))


def test_a_notebook_beyond_the_first_page(connection: Ai4sConnection) -> None:
    """One that is there is known without mounts, however many there are."""
    for number in range(103):
        make(connection, "Notebook", {**NOTEBOOK, "name": f"nb-{number}"})
    for number in (0, 102):
        assert told(connection, manifest("Notebook", f"nb-{number}", {**NOTEBOOK, "storages": []})) == []
