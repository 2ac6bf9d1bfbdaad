"""The kinds beside apps, workflows and jobs: what guards them, what is not sent twice, and how they are found again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Busy, Conflict, NoSuchScope, Refused, Unreachable
from reconciler.localplatform.faults import FaultKind, FaultRule, When
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.ai4s.opened import KEYS, QUICK, desired, make, opened
from tests.providers.loopback import reply, serving

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

NOTEBOOK: dict[str, Any] = {
    "name": "look",
    "flavor": {"cpu": 1, "gpu": 0, "memory": 2},
    "image": {"image_type": "SYSTEM", "image_info": {"profile": "PY3"}},
    "storages": [{"path": "demo:/samples/"}],
}
NOBODY = Mark("0" * 8, "0" * 20)


def at(kind: str, name: str, scope: str = "demo") -> Address:
    """An address on the target."""
    return Address("ai4s", kind, scope, name)


def sent(platform: Platform, *methods: str) -> list[tuple[str, str]]:
    """Operation and body of what was sent since the log was cleared."""
    return [(e["operation"], e["body"]) for e in platform.log.report() if e["method"] in methods]


def test_each_is_found_again(connection: Ai4sConnection) -> None:
    """By its mark, and by nothing else where it can carry one; a member and a link by what they are."""
    made = {
        "Space": make(connection, "Space", {"name": "lab"}, NO_SCOPE),
        "Label": make(connection, "Label", {"name": "qc"}, NO_SCOPE),
        "Image": make(connection, "Image", {"name": "own", "tag": "1"}),
        "Notebook": make(connection, "Notebook", NOTEBOOK),
    }
    for kind, (wanted, remote_id) in made.items():
        handler: Any = connection.handler(kind)
        (live,) = handler.find(wanted.address, wanted.mark)
        assert (live.remote_id, live.mark) == (remote_id, wanted.mark)
        assert str(wanted.mark) not in str(live.spec)
        assert handler.find(wanted.address, NOBODY) == ()
        assert handler.read(wanted.address, remote_id) == live
        assert handler.read(wanted.address, "no-such-id") is None
        rows = [row for row in handler.list(wanted.address.scope) if row.remote_id == remote_id]
        assert [(row.address, row.mark) for row in rows] == [(wanted.address, wanted.mark)]
        handler.delete(wanted.address, remote_id)
        handler.delete(wanted.address, remote_id)
        assert handler.read(wanted.address, remote_id) is None


def test_labels_of_one_name_are_kept_apart(connection: Ai4sConnection, platform: Platform) -> None:
    """The platform does not; the mark does. There is no update."""
    first, _ = make(connection, "Label", {"name": "qc", "level": 2})
    second = desired(first.address, {"name": "qc"})
    other = type(second)(second.address, second.spec, NOBODY)
    connection.handler("Label").create(other)
    handler: Any = connection.handler("Label")
    assert [len(handler.find(first.address, mark)) for mark in (first.mark, NOBODY)] == [1, 1]
    assert not hasattr(handler, "update")
    assert platform.services.store.counts()["ai4s/Label"] == 2


def test_a_member_is_set_by_one_call(connection: Ai4sConnection, platform: Platform) -> None:
    """Adding, changing and adding again are one idempotent call; a user who is not there is corrected."""
    handler: Any = connection.handler("Member")
    address = at("Member", "ada")
    for role in ("Viewer", "Developer", "Developer"):
        assert handler.create(desired(address, {"user": "ada", "role": role})).remote_id == "user-ada"
    assert [live.spec for live in handler.find(address, NOBODY)] == [{"user": "ada", "role": "Developer"}]
    assert {name for name, _ in sent(platform, "POST", "PUT")} == {"UpdateMember"}
    assert [row.address for row in handler.list("demo")] == [address], "the owner is no member"
    with pytest.raises(Refused) as caught:
        handler.create(desired(at("Member", "adda"), {"user": "adda", "role": "Viewer"}))
    assert caught.value.hint == "did you mean 'ada'?"
    handler.delete(address, "user-ada")
    handler.delete(address, "user-ada")
    assert handler.read(address, "user-ada") is None


def test_what_is_in_a_space_that_does_not_exist(connection: Ai4sConnection) -> None:
    """Told as such, so that a declared one may be made first; then the same connection finds it."""
    handler: Any = connection.handler("Member")
    with pytest.raises(NoSuchScope):
        list(handler.list("lab"))
    wanted, remote_id = make(connection, "Space", {"name": "lab"}, NO_SCOPE)
    assert list(handler.list("lab")) == []
    connection.handler("Space").delete(wanted.address, remote_id)  # type: ignore[attr-defined]
    with pytest.raises(NoSuchScope):
        list(handler.list("lab"))


def test_a_space_is_not_deleted_with_what_is_in_it(connection: Ai4sConnection, platform: Platform) -> None:
    """Each sort of thing is counted; nothing is sent."""
    address = at("Space", "demo", NO_SCOPE)
    handler: Any = connection.handler("Space")
    identifier = next(row.remote_id for row in handler.list("-"))
    make(connection, "Notebook", NOTEBOOK)
    make(connection, "App", {"name": "a", "version": "1", "image": "demo/busybox:1.36", "commands": ["true"]})
    with pytest.raises(Refused) as caught:
        handler.delete(address, identifier)
    assert "still holds 1 apps, 2 images, 1 notebooks" in caught.value.message
    assert "bytes of data" in caught.value.message
    assert sent(platform, "DELETE") == []


def test_a_space_keeps_its_owner_unless_told(connection: Ai4sConnection, platform: Platform) -> None:
    """Each condition of a transfer, and that it is the last call of an update, sent once."""
    wanted, remote_id = make(connection, "Space", {"name": "lab", "tags": ["x"]}, NO_SCOPE)
    handler: Any = connection.handler("Space")
    for spec, why in (
        ({"owner": "ada"}, "belongs to local"),
        ({"owner": "ada", "former_owner": "grace"}, "belongs to local"),
        ({"owner": "ada", "former_owner": "local"}, "no administrator"),
    ):
        platform.log.clear()
        with pytest.raises(Refused) as caught:
            handler.update(remote_id, desired(wanted.address, {"name": "lab", **spec}))
        assert why in caught.value.message
        assert sent(platform, "PUT", "POST") == []
    connection.handler("Member").create(desired(at("Member", "ada", "lab"), {"user": "ada", "role": "Administrator"}))
    given = desired(wanted.address, {"name": "lab", "owner": "ada", "former_owner": "local"})
    platform.log.clear()
    handler.update(remote_id, given)
    assert [name for name, _ in sent(platform, "PUT", "POST")] == ["UpdateProject", "TransferProject"]
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["owner"], live.spec["tags"], live.outputs) == ("ada", [], {"owner": "ada"})
    handler.update(remote_id, given)
    assert handler.read(wanted.address, remote_id) == live


def test_another_tag_is_registered_and_the_former_stays(connection: Ai4sConnection, platform: Platform) -> None:
    """One call says the tag and the rest; the same again changes nothing."""
    wanted, remote_id = make(connection, "Image", {"name": "own", "tag": "1", "type": "APP"})
    handler: Any = connection.handler("Image")
    again = desired(wanted.address, {"name": "own", "tag": "2", "type": "NOTEBOOK", "description": "new"})
    platform.log.clear()
    for _ in range(2):
        handler.update(remote_id, again)
        live = handler.read(wanted.address, remote_id)
        assert (live.outputs, live.spec["type"], live.spec["description"]) == ({"tags": "1,2"}, "NOTEBOOK", "new")
    assert [name for name, _ in sent(platform, "PUT", "POST")] == ["CreateImage", "UpdateImage"]


def test_a_tag_that_was_registered_meanwhile() -> None:
    """By whoever: what else is declared is set all the same, and only then nothing is left to do."""
    row = {"id": "i1", "name": "own", "tags": ["1"], "type": "APP"}
    script = [
        reply(200, {"projects": [{"id": "s1", "name": "demo"}]}),
        reply(200, {"images": [row]}),
        reply(400, {"error_code": "eihealth.01050001", "error_msg": "the image own:2 exists already"}),
        reply(200, {"images": [{**row, "tags": ["1", "2"]}]}),
        reply(200),
    ]
    wanted = desired(at("Image", "own"), {"name": "own", "tag": "2", "type": "NOTEBOOK"})
    with serving(*script) as server:
        connection = PROVIDER.connect(Target("ai4s", "ai4s", server.url, "", "demo"), KEYS, QUICK)
        handler: Any = connection.handler("Image")
        handler.update("i1", wanted)
        connection.close()
    assert [seen.method for seen in server.seen] == ["GET", "GET", "POST", "GET", "PUT"]
    assert server.seen[-1].json()["type"] == "NOTEBOOK"


def test_tags_go_only_by_name(connection: Ai4sConnection, platform: Platform) -> None:
    """A repository of several is not removed as a whole; each tag named is removed, once."""
    wanted, remote_id = make(connection, "Image", {"name": "own", "tag": "1"})
    handler: Any = connection.handler("Image")
    handler.update(remote_id, desired(wanted.address, {"name": "own", "tag": "2"}))
    with pytest.raises(Refused) as caught:
        handler.delete(wanted.address, remote_id)
    assert "holds 2 tags: 1, 2" in caught.value.message
    platform.log.clear()
    gone = desired(wanted.address, {"name": "own", "tag": "2", "removed_tags": ["1", "0"]})
    handler.update(remote_id, gone)
    handler.update(remote_id, gone)
    assert [name for name, _ in sent(platform, "DELETE")] == ["DeleteTag"]
    handler.delete(wanted.address, remote_id)
    assert handler.read(wanted.address, remote_id) is None


def test_an_image_needs_a_tag_to_be_made(connection: Ai4sConnection, platform: Platform) -> None:
    """Without one there is nothing that could be registered, and nothing is sent; as for what cannot be imported."""
    for spec in ({"name": "own"}, {"name": "own", "from": {"space": "demo", "tag": "1"}}):
        with pytest.raises(Refused):
            connection.handler("Image").create(desired(at("Image", "own"), spec))
    assert sent(platform, "POST") == []


def test_a_link_of_an_image(connection: Ai4sConnection) -> None:
    """It shows where it comes from, and goes whole, whatever tags it holds; what it leads to stays."""
    make(connection, "Space", {"name": "lab"}, NO_SCOPE)
    wanted, remote_id = make(
        connection, "Image", {"name": "python", "from": {"space": "demo", "tag": "3.12-slim"}}, "lab"
    )
    handler: Any = connection.handler("Image")
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["from"], live.mark, live.outputs) == ({"space": "demo"}, None, {"tags": "3.12-slim"})
    assert [each.remote_id for each in handler.find(wanted.address, NOBODY)] == [remote_id]
    handler.delete(wanted.address, remote_id)
    assert "python" in {row.address.name for row in handler.list("demo")}


def test_an_import_that_fails_says_why(connection: Ai4sConnection) -> None:
    """What is not there is refused before anything is sent; what the platform refuses item by item is no success."""
    app = {"name": "a", "version": "1", "image": "demo/busybox:1.36", "commands": ["true"]}
    make(connection, "Space", {"name": "lab"}, NO_SCOPE)
    make(connection, "Space", {"name": "far"}, NO_SCOPE)
    make(connection, "App", app)
    with pytest.raises(Refused, match="the space demo has no app b@1"):
        make(connection, "App", {"name": "b", "version": "1", "from": {"space": "demo"}}, "lab")
    wanted, remote_id = make(
        connection, "App", {"name": "b", "version": "1", "from": {"space": "demo", "name": "a"}}, "lab"
    )
    handler: Any = connection.handler("App")
    assert handler.read(wanted.address, remote_id).spec == {"name": "b", "version": "1", "from": {"space": "demo"}}
    assert [live.remote_id for live in handler.find(wanted.address, NOBODY)] == [remote_id]
    with pytest.raises(Refused, match="belongs to where it comes from"):
        handler.update(remote_id, wanted)
    with pytest.raises(Refused, match="itself imported"):
        make(connection, "App", {"name": "c", "version": "1", "from": {"space": "lab", "name": "b"}}, "far")
    with pytest.raises(Refused, match="exists already"):
        make(connection, "App", {"name": "b", "version": "1", "from": {"space": "demo", "name": "a"}}, "lab")


def test_what_only_an_update_of_a_space_takes(connection: Ai4sConnection, platform: Platform) -> None:
    """Not sent when it is made; set then; and what nobody declares is said again as it is, not taken back."""
    spec = {"name": "lab", "status": "INACTIVE", "storage_quota": 1 << 30}
    wanted, remote_id = make(connection, "Space", spec, NO_SCOPE)
    handler: Any = connection.handler("Space")
    ((_, body),) = sent(platform, "POST")
    assert "quota" not in body
    assert "INACTIVE" not in body
    handler.update(remote_id, desired(wanted.address, spec))
    handler.update(remote_id, desired(wanted.address, {"name": "lab", "description": "new"}))
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["status"], live.spec["storage_quota"], live.spec["description"]) == ("INACTIVE", 1 << 30, "new")
    assert '"storage_quota": 1073741824' in sent(platform, "PUT")[-1][1]
    handler.update(remote_id, desired(wanted.address, {"name": "lab", "status": "ACTIVE", "storage_quota": -1}))
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["status"], live.spec["storage_quota"]) == ("ACTIVE", -1)


def test_a_notebook_is_started_and_stopped(connection: Ai4sConnection, platform: Platform) -> None:
    """By its declared state; the description alone starts nothing."""
    wanted, remote_id = make(connection, "Notebook", {**NOTEBOOK, "state": "stopped"})
    handler: Any = connection.handler("Notebook")
    assert handler.read(wanted.address, remote_id).status == "Running", "a create is one call"
    handler.update(remote_id, desired(wanted.address, {**NOTEBOOK, "state": "stopped"}))
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["state"], live.status, live.phase) == ("stopped", "Hibernate", Phase.READY)
    assert "storages" not in live.spec
    platform.log.clear()
    handler.update(remote_id, desired(wanted.address, {**NOTEBOOK, "state": "stopped", "description": "new"}))
    handler.update(remote_id, desired(wanted.address, {**NOTEBOOK, "description": "new"}))
    handler.update(remote_id, desired(wanted.address, {**NOTEBOOK, "description": "new"}))
    assert [name for name, _ in sent(platform, "PUT", "POST")] == ["UpdateNotebook", "StopOrStartNotebook"]
    assert handler.read(wanted.address, remote_id).status == "Running"


def test_a_notebook_on_its_way(connection: Ai4sConnection, platform: Platform) -> None:
    """It is not there before it has arrived: a stop waits for its start, then for its end, and is sent once."""
    platform.services.switches.turn({"notebook_seconds": 300})
    wanted, remote_id = make(connection, "Notebook", {**NOTEBOOK, "state": "stopped"})
    handler: Any = connection.handler("Notebook")
    live = handler.read(wanted.address, remote_id)
    assert (live.spec["state"], live.status, live.phase) == ("running", "Creating", Phase.READY)
    stopped = desired(wanted.address, {**NOTEBOOK, "state": "stopped"})
    with pytest.raises(Busy, match="still Creating"):
        handler.update(remote_id, stopped)
    handler.update(remote_id, desired(wanted.address, NOTEBOOK))
    platform.services.clock.advance(300)
    for _ in range(2):
        with pytest.raises(Busy):
            handler.update(remote_id, stopped)
    with pytest.raises(Busy, match="still Updating"):
        handler.update(remote_id, desired(wanted.address, NOTEBOOK))
    platform.services.clock.advance(300)
    handler.update(remote_id, stopped)
    assert [name for name, _ in sent(platform, "POST")] == ["CreateNotebook", "StopOrStartNotebook"]
    assert handler.read(wanted.address, remote_id).status == "Hibernate"


def test_a_stop_whose_answer_was_lost(connection: Ai4sConnection, platform: Platform) -> None:
    """Sent again it is refused, since it was done: which is what was wanted."""
    wanted, remote_id = make(connection, "Notebook", NOTEBOOK)
    handler: Any = connection.handler("Notebook")
    platform.faults.replace([FaultRule(FaultKind.ERROR, when=When.AFTER, operation="StopOrStartNotebook")])
    handler.update(remote_id, desired(wanted.address, {**NOTEBOOK, "state": "stopped"}))
    assert handler.read(wanted.address, remote_id).status == "Hibernate"


def test_notebooks_of_every_page(connection: Ai4sConnection) -> None:
    """The list is walked to its end: more than fit on one page."""
    for number in range(103):
        make(connection, "Notebook", {**NOTEBOOK, "name": f"nb-{number}"})
    assert len(list(connection.handler("Notebook").list("demo"))) == 103  # type: ignore[attr-defined]


def test_an_accelerator_is_never_bought(connection: Ai4sConnection, platform: Platform) -> None:
    """Making one is refused with what there is; setting one sends what is declared."""
    handler: Any = connection.handler("PerformanceResource")
    with pytest.raises(Refused) as caught:
        handler.create(desired(at("PerformanceResource", "sfs-turbo-locl", NO_SCOPE), {}))
    assert "did you mean 'sfs-turbo-local'?" in caught.value.hint
    (live,) = handler.find(at("PerformanceResource", "sfs-turbo-local", NO_SCOPE), NOBODY)
    handler.update(live.remote_id, desired(live.address, {"name": "sfs-turbo-local", "job_quota": 9}))
    assert handler.read(live.address, live.remote_id).spec == {**live.spec, "job_quota": 9}
    assert not hasattr(handler, "delete")
    assert [name for name, _ in sent(platform, "PUT", "POST", "DELETE")] == ["UpdatePerformanceResource"]


def test_the_logo_is_what_was_reviewed(platform: Platform, tmp_path: Path) -> None:
    """Another file, none, or one without a digest that fits: nothing is sent. The right one is known by its digest."""
    address = at("VendorConfig", "default", NO_SCOPE)
    (tmp_path / "logo.png").write_bytes(b"\x89PNG one")
    digest = hashlib.sha256(b"\x89PNG one").hexdigest()
    with opened(platform, KEYS, Transport(backoff=0.001, deadline=20, root=str(tmp_path))) as connection:
        handler: Any = connection.handler("VendorConfig")
        assert handler.read(address, "default") is None
        assert list(handler.list("-")) == []
        for logo in (
            {"path": "logo.png", "sha256": "0" * 64},
            {"path": "other.png", "sha256": digest},
            {"sha256": digest},
        ):
            with pytest.raises(Refused):
                handler.create(desired(address, {"profile": "default", "name": "Atlas", "logo": logo}))
        assert sent(platform, "PUT") == []
        spec = {"profile": "default", "name": "Atlas", "logo": {"path": "logo.png", "sha256": digest}}
        assert handler.create(desired(address, spec)).remote_id == "default"
        assert handler.read(address, "default").spec == {**spec, "logo": {"sha256": digest}}
        assert [(file.name, file.content) for file in handler.files(address, "default")] == [
            ("logo.png", b"\x89PNG one")
        ]


def test_a_name_that_is_taken_is_a_conflict(connection: Ai4sConnection) -> None:
    """So that a create without an answer is searched for, and not called a failure."""
    make(connection, "Image", {"name": "own", "tag": "1"})
    make(connection, "Notebook", NOTEBOOK)
    for kind, spec in (("Image", {"name": "own", "tag": "1"}), ("Notebook", NOTEBOOK)):
        with pytest.raises(Conflict):
            make(connection, kind, spec)


def test_spaces_that_cannot_be_listed_are_no_copy_that_may_have_begun(
    connection: Ai4sConnection, platform: Platform
) -> None:
    """Nothing can look for a data job, so what is asked before one is made must not leave its fate open."""
    platform.faults.replace([FaultRule(FaultKind.LOST, operation="ListProject", count=None)])
    with pytest.raises(Unreachable, match="list spaces"):
        make(
            connection,
            "DataJob",
            {"name": "copy", "type": "CLONE_DATA", "sub_paths": ["demo:/a"], "target_folder": "/b"},
        )


@pytest.mark.parametrize("viewers", [{}, {"users": None}, {"users": []}])
def test_a_role_that_nobody_has(viewers: dict[str, Any]) -> None:
    """The platform may leave its list out, or empty."""
    roles = [{"role_type": "Viewer", **viewers}, {"role_type": "Owner", "users": [{"id": "u1", "name": "ada"}]}]
    shown = {"id": "s1", "name": "demo", "roles": roles}
    with serving(reply(200, {"projects": [shown]}), reply(200, shown)) as server:
        connection = PROVIDER.connect(Target("ai4s", "ai4s", server.url, "", "demo"), KEYS, QUICK)
        member: Any = connection.handler("Member")
        space: Any = connection.handler("Space")
        assert list(member.list("demo")) == []
        assert space.read(at("Space", "demo", NO_SCOPE), "s1").spec["owner"] == "ada"
        connection.close()
