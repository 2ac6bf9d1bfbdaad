"""What the handler of jobs does beside submitting: changes in place, stops, deletes, tells."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Conflict, Refused
from reconciler.model.resource import Desired, Phase
from reconciler.model.target import Target
from reconciler.providers.pai_dlc import PROVIDER
from reconciler.providers.pai_dlc.place import moment
from reconciler.providers.pai_dlc.rows import detail_of, phase_of, spec_of
from reconciler.providers.pai_dlc.story import METRICS
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, serving
from tests.providers.pai_dlc.opened import KEYS, at, desired, on_quota, spec

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection


def sent(platform: Platform, operation: str) -> int:
    """How often an operation was called."""
    return len(platform.log.report(operation=operation))


def test_a_priority_counts_while_the_job_waits(platform: Platform, connection: PaiDlcConnection) -> None:
    """On a quota, before it runs: sent, and read back."""
    handler: Any = connection.handler("Job")
    entity = platform.services.store.get("pai-dlc", "Job", handler.create(desired(on_quota(Priority=2))).remote_id)
    assert entity is not None
    platform.services.store.insert(replace(entity, id="dlcwaits"))
    platform.services.runs.open("dlcwaits", "pai-dlc", "Job")
    assert handler.read(at("t"), "dlcwaits").status == "Queuing"
    handler.update("dlcwaits", desired(on_quota(Priority=7)))
    assert handler.read(at("t"), "dlcwaits").spec["Priority"] == 7
    assert sent(platform, "UpdateJob") == 1


@pytest.mark.parametrize("given", [spec(Priority=2), on_quota(Priority=2)], ids=["public pool", "running on a quota"])
def test_a_priority_that_would_be_ignored_is_refused(
    platform: Platform, connection: PaiDlcConnection, given: dict[str, Any]
) -> None:
    """The platform says yes and does nothing (trap 10): we say no, and send nothing."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(given)).remote_id
    with pytest.raises(Conflict, match=r"does nothing|only before"):
        handler.update(job, desired({**given, "Priority": 7}))
    assert sent(platform, "UpdateJob") == 0


def elastic(pods: int, strategy: str = "ScaleByAPI", **changes: Any) -> dict[str, Any]:
    """A job of one role, from one pod to four."""
    scaling = {"ScalingStrategy": strategy, "MinReplicas": 1, "MaxReplicas": 4}
    role = {"Type": "Worker", "Image": "i", "EcsSpec": "ecs.g6.large", "PodCount": pods, "AutoScalingSpec": scaling}
    return spec(JobSpecs=[role], **changes)


def test_a_role_is_scaled_while_it_runs(platform: Platform, connection: PaiDlcConnection) -> None:
    """By one call with the roles as they are wanted, read back; wanted again, nothing is sent."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(elastic(1))).remote_id
    for _ in range(2):
        handler.update(job, desired(elastic(3)))
    assert handler.read(at("t"), job).spec["JobSpecs"] == elastic(3)["JobSpecs"]
    (entry,) = platform.log.report(operation="UpdateJob")
    assert json.loads(entry["body"]) == {"JobSpecs": elastic(3)["JobSpecs"]}


def test_what_is_not_scaled(platform: Platform, connection: PaiDlcConnection) -> None:
    """A role that scales itself, or not at all, is left alone; bounds are the platform's; what has ended stays so."""
    handler: Any = connection.handler("Job")
    alone = handler.create(desired(elastic(1, "RayAutoscaler"))).remote_id
    handler.update(alone, desired(elastic(3, "RayAutoscaler")))
    assert sent(platform, "UpdateJob") == 0
    job = handler.create(desired(elastic(1))).remote_id
    with pytest.raises(Refused, match="from 1 to 4"):
        handler.update(job, desired(elastic(5)))
    held = {"JobReservedMinutes": 30, "JobReservedPolicy": "Always"}
    holding = handler.create(desired(elastic(1, Settings=held, Envs={"SIMULATED_SECONDS": "0"}))).remote_id
    with pytest.raises(Conflict, match="no longer scaled"):
        handler.update(holding, desired(elastic(2, Settings=held)))


def test_what_has_ended_keeps_what_it_had(platform: Platform, connection: PaiDlcConnection) -> None:
    """Priority and pods count for the next run: nothing is sent, and nothing stands in the way of the next plan."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(elastic(1, seconds="0"))).remote_id
    handler.update(job, desired(elastic(3, seconds="0", Priority=7)))
    assert sent(platform, "UpdateJob") == 0


def test_a_platform_that_says_yes_and_does_nothing() -> None:
    """Is not believed: what is not shown after a minute was not done."""
    row = {"JobId": "dlc1", "Status": "Running", **elastic(1)}
    with serving(reply(200, row)) as server:
        target, through = Target("prod", "pai-dlc", server.url), Transport(deadline=5, pause=lambda _: None)
        connection: Any = PROVIDER.connect(target, KEYS, through)
        with pytest.raises(Conflict, match="does not show 3 pods of Worker"):
            connection.handler("Job").update("dlc1", desired(elastic(3)))
        connection.close()


def test_accessibility_only_widens(platform: Platform, connection: PaiDlcConnection) -> None:
    """PRIVATE becomes PUBLIC in place; the way back is refused before anything is sent."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(spec())).remote_id
    handler.update(job, desired(spec(Accessibility="PUBLIC", Description="seen by all")))
    live = handler.read(at("t"), job)
    assert (live.spec["Accessibility"], live.spec["Description"]) == ("PUBLIC", "seen by all")
    with pytest.raises(Conflict, match="cannot be made PRIVATE"):
        handler.update(job, desired(spec(Description="seen by all")))
    assert sent(platform, "UpdateJob") == 1


def test_stop_wait_delete(platform: Platform, connection: PaiDlcConnection) -> None:
    """A running job is not deleted; stopped it is; stopping and deleting again is no error."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(spec())).remote_id
    with pytest.raises(Refused):
        handler.delete(at("t"), job)
    handler.stop(at("t"), job)
    assert handler.read(at("t"), job).phase is Phase.CANCELLED
    handler.stop(at("t"), job)
    handler.delete(at("t"), job)
    assert handler.read(at("t"), job) is None
    handler.delete(at("t"), job)
    handler.stop(at("t"), job)
    assert sent(platform, "StopJob") == 3


def test_reserved_resources_are_no_end(platform: Platform, connection: PaiDlcConnection) -> None:
    """While they are held the job has not ended (trap 21); stopping it lets them go."""
    handler: Any = connection.handler("Job")
    settings = {"JobReservedMinutes": 10, "JobReservedPolicy": "Always"}
    first, second = (handler.create(desired(spec(n, seconds="0", Settings=settings))).remote_id for n in ("a", "b"))
    live = handler.read(at("a"), first)
    assert (live.status, live.phase) == ("SucceededReserving", Phase.STOPPING)
    assert "resources are held" in live.detail
    handler.stop(at("a"), first)
    assert handler.read(at("a"), first).phase is Phase.SUCCEEDED
    platform.services.clock.advance(601)
    assert handler.read(at("b"), second).phase is Phase.SUCCEEDED


def test_a_job_over_its_time_limit(connection: PaiDlcConnection) -> None:
    """Has failed, says why, and its history tells the whole way."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(spec(JobMaxRunningTimeMinutes=2))).remote_id
    live = handler.read(at("t"), job)
    assert (live.phase, live.detail.partition(":")[0]) == (Phase.FAILED, "JobExceedMaxRunningTime")
    shown = connection.place.read("GetJob", "read", f"/api/v1/jobs/{job}")
    steps = [step["Status"] for step in shown["StatusHistory"]]
    assert steps == ["Creating", "Queuing", "EnvPreparing", "Running", "Failed"]


def test_what_is_told_of_a_job(connection: PaiDlcConnection) -> None:
    """Parts by role and number, events as sentences, checks by round, metrics by known names."""
    handler: Any = connection.handler("Job")
    roles = [
        {"Type": "Worker", "Image": "i", "PodCount": 11, "EcsSpec": "ecs.g6.large"},
        {"Type": "Master", "Image": "i", "PodCount": 1, "EcsSpec": "ecs.g6.large"},
    ]
    job = handler.create(desired(spec(seconds="0", JobSpecs=roles, Settings={"EnableSanityCheck": True}))).remote_id
    parts = handler.parts(at("t"), job)
    assert [(part.name, part.index) for part in parts] == [("Master", 0), *(("Worker", n) for n in range(11))]
    assert parts[11].detail.startswith(f"{job}-worker-10")
    assert {part.status for part in parts} == {"Succeeded"}
    assert any(event.message.endswith("ended") for event in handler.events(at("t"), job))
    assert len({event.task for event in handler.events(at("t"), job, task="worker")}) == 11
    assert [check.name for check in handler.checks(at("t"), job)][:2] == ["CheckInit", "DeviceCheck"]
    assert handler.metrics(at("t"), job, name="CpuCoreUsage") == ()
    assert set(METRICS) >= {"GpuCoreUsage"}


def test_one_round_of_checks(platform: Platform, connection: PaiDlcConnection) -> None:
    """Is asked for by its number; a round that there was not is empty, and no job was checked that did not ask."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(spec(Settings={"EnableSanityCheck": True}))).remote_id
    assert handler.checks(at("t"), job, number=1) == handler.checks(at("t"), job)
    (one,) = handler.checks(at("t"), job, number=1, name="DeviceCheck")
    assert handler.checks(at("t"), job, name="DeviceCheck") == (one,)
    assert (one.name, one.number, one.status) == ("DeviceCheck", 1, "Succeeded")
    assert handler.checks(at("t"), job, number=2) == ()
    assert len(platform.log.report(operation="GetJobSanityCheckResult")) == 3


def test_ways_in(connection: PaiDlcConnection) -> None:
    """A terminal for each pod that runs, the dashboard, for a Ray job its own; a token only to share it."""
    handler: Any = connection.handler("Job")
    head = {"Type": "Head", "Image": "i", "PodCount": 1, "EcsSpec": "ecs.g6.large"}
    job = handler.create(desired(spec(JobType="RayJob", JobSpecs=[head]))).remote_id
    assert [link.name for link in handler.links(at("t"), job)] == ["ray dashboard", "dashboard", "terminal Head 0"]
    shared = handler.links(at("t"), job, shared=True)
    assert [link.secret for link in shared] == [True, True, True, True]
    assert shared[0].name == "token"


ROW = {
    "DisplayName": "t",
    "JobType": "TFJob",
    "UserVpc": {"VpcId": "v", "ExtendedCidrs": ["10.0.0.0/8"]},
    "Settings": {"Tags": {"reconciler-mark": "rc-0123abcd-0123456789abcdef0123", "team": "a"}, "EnableRDMA": None},
    "JobSpecs": [{"Type": "PS", "IsCheif": False, "SpotSpec": {"SpotStrategy": ""}, "UseSpotInstance": False}],
    "Envs": {},
}


def test_echoes_become_what_was_declared() -> None:
    """Another spelling, our tag, twins, zeroes and empties are taken out (traps 12 to 15)."""
    assert spec_of(ROW) == {
        "DisplayName": "t",
        "JobType": "TFJob",
        "UserVpc": {"VpcId": "v", "ExtendedCIDRs": ["10.0.0.0/8"]},
        "Settings": {"Tags": {"team": "a"}},
        "JobSpecs": [{"Type": "PS"}],
    }


PHASES = {
    "Creating": Phase.PENDING,
    "Bidding": Phase.PENDING,
    "SanityChecking": Phase.PENDING,
    "Restarting": Phase.RUNNING,
    "Stopping": Phase.STOPPING,
    "FailedReserving": Phase.STOPPING,
    "Stopped": Phase.CANCELLED,
    "Failed": Phase.FAILED,
    "SomethingNew": Phase.UNKNOWN,
}


@pytest.mark.parametrize("status", PHASES)
def test_phases(status: str) -> None:
    """A status nobody knows is not an end."""
    assert phase_of({"Status": status}) is PHASES[status]


def test_details_and_times() -> None:
    """Restarts are told and are no drift; the text `null` is no time."""
    assert detail_of({"Status": "Running", "RestartTimes": "2/10"}) == "restarted 2 times"
    assert (
        detail_of({"Status": "Failed", "ReasonCode": "InvalidParameter", "ReasonMessage": "x"}) == "InvalidParameter: x"
    )
    assert [moment("null"), moment(""), moment(None)] == ["", "", ""]
    assert moment("2026-01-02T08:00:00.5+08:00") == "2026-01-02T00:00:00.500000Z"


def test_the_mark_outlives_the_tags_of_an_author(connection: PaiDlcConnection) -> None:
    """Our tag is added to theirs, and only theirs are shown."""
    handler: Any = connection.handler("Job")
    wanted = desired(spec(Settings={"Tags": {"team": "a"}}))
    live = handler.read(wanted.address, handler.create(wanted).remote_id)
    assert (live.mark, live.spec["Settings"]) == (wanted.mark, {"Tags": {"team": "a"}})
    assert isinstance(wanted, Desired)
