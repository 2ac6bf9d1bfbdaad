"""Apps and workflows on the local platform: the whole life, and weather."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Conflict, PlatformError, Refused, Throttled, Unanswered, Unauthenticated
from reconciler.localplatform.faults import FaultKind, FaultRule, When
from reconciler.model.mark import Mark
from tests.providers.ai4s.opened import KEYS, QUICK, desired, make, opened
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

APP = {"name": "say", "version": "1.0.0", "image": "demo/busybox:1.36", "commands": ["echo hi"]}
FULL_APP = {
    **APP,
    "summary": "short",
    "description": "long",
    "labels": list("abcd"),
    "resources": {"cpu": "2C", "memory": "4G", "gpu": "1", "gpu_type": "GPU", "cpu_type": "ARM"},
    "inputs": [{"name": "in", "type": "STRING", "required": True}],
    "outputs": [{"name": "out", "type": "FILE", "required": True, "values": ["/out.txt"]}],
    "node_labels": ["ai4s.label"],
}
TASK = {"task_name": "t", "app_id": "say::1.0.0"}
WORKFLOW = {"name": "wf", "version": "1", "tasks": [TASK]}
FULL_WORKFLOW = {
    **WORKFLOW,
    "summary": "short",
    "description": "long",
    "labels": ["a"],
    "timeout": 60,
    "output_dir": "/here",
    "tasks": [
        {**TASK, "display_name": "T", "output_dir": "/t", "resources": {"cpu": "2C"}, "location": {"x": 1, "y": 2}}
    ],
}


def arm(platform: Platform, fault: FaultKind, **rule: Any) -> None:
    """Lets a fault strike."""
    platform.faults.replace([FaultRule(fault, **rule)])


def sent(platform: Platform, operation: str) -> int:
    """How often an operation arrived."""
    return len(platform.log.report(operation=operation))


def shown(connection: Ai4sConnection, kind: str, wanted: Any, remote_id: str) -> Any:
    """What a read gives."""
    return connection.handler(kind).read(wanted.address, remote_id)


@pytest.mark.parametrize(("full", "bare"), [("App", APP), ("Workflow", WORKFLOW)])
def test_update_clears_what_is_left_out(connection: Ai4sConnection, full: str, bare: Mapping[str, Any]) -> None:
    """A field taken out of the manifest is empty, or the platform's default, afterwards; the mark stays."""
    make(connection, "App", {**APP, "version": "1.0.0"}) if full == "Workflow" else None
    rich = FULL_APP if full == "App" else FULL_WORKFLOW
    wanted, remote_id = make(connection, full, rich)
    before = shown(connection, full, wanted, remote_id).spec
    assert all(before[name] == rich[name] for name in rich if name not in {"tasks", "inputs", "outputs"})
    handler: Any = connection.handler(full)
    handler.update(remote_id, replace(wanted, spec=bare))
    after = shown(connection, full, wanted, remote_id)
    fresh, fresh_id = make(connection, full, {**bare, "version": "2"})
    assert {**after.spec, "version": "2"} == shown(connection, full, fresh, fresh_id).spec
    assert after.mark == wanted.mark


def test_fifth_label_moves_the_mark(connection: Ai4sConnection) -> None:
    """With five labels the mark stands in the description; the author sees neither."""
    wanted, remote_id = make(connection, "App", FULL_APP)
    five = replace(wanted, spec={**FULL_APP, "labels": list("abcde")})
    handler: Any = connection.handler("App")
    for step in (five, wanted, five):
        handler.update(remote_id, step)
        live = handler.read(wanted.address, remote_id)
        assert live.mark == wanted.mark
        assert (live.spec["labels"], live.spec["description"]) == (step.spec["labels"], "long")
    (row,) = handler.list("demo")
    assert row.mark == wanted.mark


def test_deleted_is_gone_and_deleting_again_is_fine(connection: Ai4sConnection) -> None:
    """Read says None, the list is empty, and a second delete is no error."""
    wanted, remote_id = make(connection, "App", APP)
    handler: Any = connection.handler("App")
    handler.delete(wanted.address, remote_id)
    assert handler.read(wanted.address, remote_id) is None
    assert list(handler.list("demo")) == []
    assert handler.find(wanted.address, wanted.mark) == ()
    handler.delete(wanted.address, remote_id)


def test_app_in_use_is_not_deleted(connection: Ai4sConnection) -> None:
    """The platform's refusal comes through as one, with its words."""
    app, app_id = make(connection, "App", APP)
    make(connection, "Workflow", WORKFLOW)
    with pytest.raises(Refused, match="delete app say"):
        connection.handler("App").delete(app.address, app_id)  # type: ignore[attr-defined]


def test_second_of_a_name_is_a_conflict(connection: Ai4sConnection) -> None:
    """Name and version are unique, and the platform's 400 is understood as such."""
    wanted, _ = make(connection, "App", APP)
    with pytest.raises(Conflict, match="exists already"):
        connection.handler("App").create(wanted)


def test_find_only_finds_our_own(connection: Ai4sConnection) -> None:
    """An object under the right name with another mark, or none, is not what a create of ours left behind."""
    wanted, _ = make(connection, "App", APP)
    handler: Any = connection.handler("App")
    assert handler.find(wanted.address, Mark("0" * 8, "0" * 20)) == ()
    assert len(handler.find(wanted.address, wanted.mark)) == 1


@pytest.mark.parametrize("fault", [FaultKind.LOST, FaultKind.TRUNCATE, FaultKind.RESET, FaultKind.ERROR])
@pytest.mark.parametrize("kind", ["App", "Workflow"])
def test_create_whose_answer_is_lost_is_found_by_its_mark(
    platform: Platform, connection: Any, fault: FaultKind, kind: str
) -> None:
    """The effect stays, the answer does not: unanswered, sent once, and found again."""
    if kind == "Workflow":
        make(connection, "App", APP)
    spec = APP if kind == "App" else WORKFLOW
    arm(platform, fault, operation=f"Create{kind}", when=When.AFTER, count=None)
    with pytest.raises(Unanswered):
        make(connection, kind, spec)
    assert sent(platform, f"Create{kind}") == 1
    platform.faults.replace([])
    address = desired_of(kind, spec).address
    (found,) = connection.handler(kind).find(address, desired_of(kind, spec).mark)
    assert found.spec["name"] == spec["name"]


def desired_of(kind: str, spec: Mapping[str, Any]) -> Any:
    """What `make` asks for, without asking."""
    from reconciler.model.address import Address

    return desired(Address("ai4s", kind, "demo", f"{spec['name']}@{spec['version']}"), spec)


@pytest.mark.parametrize("fault", [FaultKind.ERROR, FaultKind.RESET])
def test_create_that_failed_before_its_effect_leaves_nothing(
    platform: Platform, connection: Any, fault: FaultKind
) -> None:
    """From outside it looks the same, and the search tells the difference."""
    arm(platform, fault, operation="CreateApp", count=None)
    with pytest.raises(Unanswered):
        make(connection, "App", APP)
    assert sent(platform, "CreateApp") == 1
    wanted = desired_of("App", APP)
    assert connection.handler("App").find(wanted.address, wanted.mark) == ()


def test_throttled_create_is_refused_and_not_repeated(platform: Platform, connection: Ai4sConnection) -> None:
    """Nothing was made; the caller hears when to come back."""
    arm(platform, FaultKind.THROTTLE, operation="CreateApp", retry_after=7)
    with pytest.raises(Throttled) as caught:
        make(connection, "App", APP)
    assert (caught.value.retry_after, caught.value.platform_code) == (7.0, "APIGW.0308")
    assert sent(platform, "CreateApp") == 1


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.THROTTLE, retry_after=0.01, count=2),
        FaultRule(FaultKind.ERROR, status=503, count=2),
        FaultRule(FaultKind.ERROR, status=502, when=When.AFTER, count=2),
        FaultRule(FaultKind.LOST, count=2),
        FaultRule(FaultKind.RESET, count=2),
        FaultRule(FaultKind.TRUNCATE, count=2, method="GET"),
    ],
    ids=lambda rule: f"{rule.fault}-{rule.when}",
)
def test_everything_but_creating_rides_out_the_weather(platform: Platform, connection: Any, rule: FaultRule) -> None:
    """Reads, lists, searches, updates and deletes are repeated until they hold."""
    wanted, remote_id = make(connection, "App", APP)
    handler = connection.handler("App")
    for act in (
        lambda: handler.read(wanted.address, remote_id),
        lambda: list(handler.list("demo")),
        lambda: handler.find(wanted.address, wanted.mark),
        lambda: handler.update(remote_id, wanted),
        lambda: handler.delete(wanted.address, remote_id),
    ):
        platform.faults.replace([rule])
        act()
    assert handler.read(wanted.address, remote_id) is None


@pytest.mark.parametrize("wrong", [{"secret_key": "FAKE-OTHER"}, {"access_key": "FAKE-OTHER"}, {"project_id": "other"}])
def test_wrong_credentials(platform: Platform, wrong: dict[str, str]) -> None:
    """Refused with the names of the variables; the secret is not in the message."""
    with opened(platform, {**KEYS, **wrong}) as connection, pytest.raises(Unauthenticated) as caught:
        make(connection, "App", APP)
    assert "HUAWEICLOUD_SDK_SK" in caught.value.hint
    assert "FAKE-OTHER" not in caught.value.message or "secret_key" not in wrong


def test_clock_that_is_off(platform: Platform) -> None:
    """A date more than a quarter of an hour off is refused, and the hint speaks of the clock."""
    late = replace(QUICK, clock=lambda: 1_000_000_000.0)
    with opened(platform, transport=late) as connection, pytest.raises(Unauthenticated, match="expired") as caught:
        make(connection, "App", APP)
    assert "clock" in caught.value.hint


def test_password_instead_of_a_key(platform: Platform) -> None:
    """Sign-in by password works all the way, and so does looking up the project by region."""
    user = {"domain_name": ACCOUNT.domain, "user_name": ACCOUNT.user, "password": ACCOUNT.password}
    with opened(platform, user) as connection:
        wanted, remote_id = make(connection, "App", APP)
        assert shown(connection, "App", wanted, remote_id).mark == wanted.mark
    keys = {name: value for name, value in KEYS.items() if name != "project_id"}
    with opened(platform, keys) as connection:
        assert len(list(connection.handler("App").list("demo"))) == 1  # type: ignore[attr-defined]
    assert sent(platform, "CreateToken") == 1
    assert sent(platform, "ListProjects") == 1


def test_wrong_password(platform: Platform) -> None:
    """Told with the variables of that way to sign in."""
    user = {"domain_name": ACCOUNT.domain, "user_name": ACCOUNT.user, "password": "FAKE-wrong"}
    with opened(platform, user) as connection, pytest.raises(PlatformError) as caught:
        make(connection, "App", APP)
    assert "HW_USER_PASSWORD" in caught.value.hint


def test_labels_and_names_of_any_language_are_signed_right(platform: Platform, connection: Ai4sConnection) -> None:
    """Text outside ASCII survives body, query and signature."""
    wanted, remote_id = make(connection, "App", {**APP, "labels": ["基因组"], "summary": "质量控制 – größer"})
    live = shown(connection, "App", wanted, remote_id)
    assert (live.spec["labels"], live.spec["summary"]) == (["基因组"], "质量控制 – größer")
    handler: Any = connection.handler("Job")
    assert list(handler.browse("demo", {"labels": "基因组,b c,z", "name": "作业"}, 10)) == []
