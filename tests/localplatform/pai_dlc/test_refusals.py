"""What the local PAI-DLC refuses, and what it lets through: the traps are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotFound, Refused, Unauthenticated
from reconciler.providers.exchange import Call
from tests.providers.pai_dlc.opened import board, desired, opened, spec

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform

ROLE = {"Type": "Worker", "Image": "i", "PodCount": 1, "EcsSpec": "ecs.g6.large"}
SHARE = {"CPU": "1", "Memory": "1Gi"}
WRONG: list[dict[str, Any]] = [
    {"JobType": "pytorchjob"},
    {"JobSpecs": []},
    {"JobSpecs": ["Worker"]},
    {"UserCommand": ""},
    {"DisplayName": "a b"},
    {"Priority": 10},
    {"Priority": "3"},
    {"JobMaxRunningTimeMinutes": 0},
    {"JobSpecs": [{**ROLE, "EcsSpec": "ecs.none"}]},
    {"JobSpecs": [{**ROLE, "ResourceConfig": SHARE}]},
    {"JobSpecs": [{**ROLE, "PodCount": 0}]},
    {"ResourceId": "quota1"},
    {"Envs": {"A": 1}},
    {"Settings": {"Tags": {"a": 1}}},
    {"DataSources": [{"Uri": "oss://b.e/../../etc", "MountPath": "/mnt"}]},
    {"UserCommand": "x" * 70_000},
    {"JobType": [[]]},
    {"Envs": "A=1"},
    {"CustomEnvs": [1]},
    {"CustomEnvs": [{"Value": "x"}]},
    {"DataSources": ["oss://b.e/x"]},
    {"CodeSource": {"CodeSourceId": 1}},
    {"ThirdpartyLibs": [1]},
    {"Settings": {"JobReservedMinutes": "5"}},
    {"JobSpecs": [{**ROLE, "EcsSpec": []}]},
    {"JobSpecs": [{**ROLE, "ResourceConfig": {"GPU": 1}}]},
    {"JobSpecs": [{**ROLE, "StartupDependencies": [{"Type": "PS"}]}]},
    {"JobSpecs": [{**ROLE, "StartupDependencies": [{"Type": "Worker"}]}]},
    {"JobSpecs": [{**ROLE, "StartupDependencies": [{"Type": "Master"}]},
                  {**ROLE, "Type": "Master", "StartupDependencies": [{"Type": "Worker"}]}]},
]  # fmt: skip


@pytest.mark.parametrize("change", WRONG, ids=lambda change: next(iter(change)))
def test_jobs_it_refuses(platform: Platform, change: dict[str, Any]) -> None:
    """A 400, and nothing was made."""
    with opened(platform) as connection, pytest.raises(Refused):
        connection.handler("Job").create(replace(desired(spec()), spec={**spec(seconds="0"), **change}))
    assert platform.services.store.counts().get("pai-dlc/Job", 0) == 0


@pytest.mark.parametrize("change", [{"Accessibility": []}, {"Priority": True}, {"JobSpecs": [1]}, {"JobSpecs": "x"}])
def test_changes_of_a_job_it_refuses(platform: Platform, change: dict[str, Any]) -> None:
    """Taken as it came, one job of one account would keep everybody from listing theirs."""
    with opened(platform) as connection:
        job = connection.handler("Job").create(desired(spec())).remote_id
        with pytest.raises(Refused):
            connection.place.call("UpdateJob", Call("update", "PUT", f"/api/v1/jobs/{job}", body=change))
        assert connection.place.read("ListJobs", "list", "/api/v1/jobs")["TotalCount"] == 1


@pytest.mark.parametrize("change", [{"QuotaId": []}, {"Accessibility": []}, {"Cpu": "1"}, {"DataSources": [None]}])
def test_tensorboards_of_other_types(platform: Platform, change: dict[str, Any]) -> None:
    """The same of a TensorBoard."""
    with opened(platform) as connection:
        wanted = board()
        with pytest.raises(Refused):
            connection.handler("Tensorboard").create(replace(wanted, spec={**wanted.spec, **change}))
        assert connection.place.read("ListTensorboards", "list", "/api/v1/tensorboards")["TotalCount"] == 0


def test_late_priorities_are_taken_and_ignored(platform: Platform) -> None:
    """HTTP 200, and nothing changes: as the real one is said to do."""
    with opened(platform) as connection:
        job = connection.handler("Job").create(desired(spec())).remote_id
        call = Call("update", "PUT", f"/api/v1/jobs/{job}", body={"Priority": 9})
        assert connection.place.call("UpdateJob", call)["JobId"] == job
        assert connection.place.read("GetJob", "read", f"/api/v1/jobs/{job}")["Priority"] == 1


def test_default_windows_and_pages(platform: Platform) -> None:
    """Ten a page, seven days back, only one's own: what a client gets that does not ask."""
    with opened(platform) as connection:
        for _ in range(12):
            connection.handler("Job").create(desired(spec(seconds="0")))
        connection.handler("Tensorboard").create(board())
        listed = connection.place.read("ListJobs", "list", "/api/v1/jobs")
        assert (len(listed["Jobs"]), listed["TotalCount"]) == (10, 12)
        platform.services.clock.advance(8 * 86_400)
        assert connection.place.read("ListJobs", "list", "/api/v1/jobs")["TotalCount"] == 0
        assert connection.place.read("ListTensorboards", "list", "/api/v1/tensorboards")["TotalCount"] == 0


BAD_QUERIES = [
    {"PageSize": "101"},
    {"PageNumber": "0"},
    {"StartTime": "yesterday"},
    {"Tags": "a=b"},
    {"Tags": '{"a": 1}'},
    {"ShowOwn": "maybe"},
    {"SortBy": "Cost"},
    {"FromAllWorkspaces": "true", "ShowOwn": "false"},
]


@pytest.mark.parametrize("query", BAD_QUERIES, ids=str)
def test_queries_it_refuses(platform: Platform, query: dict[str, str]) -> None:
    """A 400 with the vendor's word for it."""
    with opened(platform) as connection, pytest.raises(Refused) as caught:
        connection.place.read("ListJobs", "list", "/api/v1/jobs", query)
    assert caught.value.platform_code == "InvalidParameter"


def test_clocks_that_differ(platform: Platform) -> None:
    """A date more than 15 minutes off is refused, and a path nobody serves is no missing job."""
    now = platform.services.clock.now()
    with opened(platform, clock=lambda: now + 1000) as connection, pytest.raises(Unauthenticated, match="expired"):
        connection.place.read("GetJob", "read", "/api/v1/jobs/dlc1")
    with opened(platform) as connection:
        with pytest.raises(Refused) as caught:
            connection.place.read("GetJob", "read", "/api/v1/nothing")
        assert not isinstance(caught.value, NotFound)
