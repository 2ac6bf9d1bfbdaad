from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.work import Cause
from tests.localplatform.hai.caller import task

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock
    from tests.localplatform.hai.caller import Caller

CREATE = "/operating/task/create"


def ids(caller: Caller, row: dict[str, Any]) -> list[int]:
    """The numbers of all lives."""
    found: list[int] = caller.show(row)["id_list"]
    return found


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/query/nothing", 404), ("GET", "/query/task", 405)])
def test_every_answer_is_json(caller: Caller, method: str, path: str, status: int) -> None:
    """Unknown paths and methods are said in the platform's own words."""
    answer = caller.raw(path, method=method)
    assert answer.status_code == status
    assert answer.json()["success"] == 0


def test_the_token_is_in_the_query_or_the_body(caller: Caller) -> None:
    """Without one, or with an unknown one, nobody gets in; the health needs none."""
    assert caller.raw("/query/user/info").status_code == 200
    assert caller.raw("/query/user/info", token="RAW-unknown").status_code == 403
    secret, caller.token = caller.token, ""
    assert caller.raw("/query/user/info").status_code == 403
    assert caller.raw("/query/user/info", {"token": secret}).status_code == 200
    assert caller.raw("/api_server_status", method="GET").json() == {"success": 1, "status": "running"}


def test_access_tokens(caller: Caller) -> None:
    """A raw token buys an access token; asked for twice it is the same; an expired one is 401."""
    made = caller.post("/operating/user/access_token/create")["result"]
    assert made["access_token"].startswith("ACCESS-" + b"local#local".hex())
    assert caller.post("/operating/user/access_token/create")["result"] == made
    assert caller.raw("/query/user/info", token=made["access_token"]).status_code == 200
    expired = {"from_user_name": "local", "access_user_name": "local", "access_scope": "all"}
    caller.post("/operating/user/access_token/create", expire_at="2001-01-01T00:00:00", **expired)
    assert caller.raw("/query/user/info", token=made["access_token"]).status_code == 401
    assert len(caller.post("/query/user/access_token/list")["result"]["access_tokens"]) == 1
    caller.post("/operating/user/access_token/delete", access_token=made["access_token"])
    assert caller.raw("/query/user/info", token=made["access_token"]).status_code == 403


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"resource": None}, "resource"),
        ({"version": "two"}, "version"),
        ({"spec": {"workspace": "/a"}}, "entrypoint"),
        ({"spec": {"workspace": "/a", "entrypoint": "x", "environments": {"A": None}}}, "A"),
        ({"spec": {"workspace": "/a", "entrypoint": "x", "environments": {"A": [1]}}}, "A"),
        ({"resource": {"node_count": "many"}}, "node_count"),
        ({"services": {}}, "services"),
    ],
)
def test_a_wrong_shape_is_422(caller: Caller, change: dict[str, Any], where: str) -> None:
    """With `detail`, and without `success`."""
    body = {**task("t"), **change}
    answer = caller.raw(CREATE, {key: value for key, value in body.items() if value is not None})
    assert answer.status_code == 422
    assert "success" not in answer.json()
    assert answer.json()["detail"][0]["loc"][-1] == where


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a(b)"},
        {"version": 1},
        {"task_type": "other"},
        {"priority": 31},
        {"spec": {"workspace": "/a b", "entrypoint": "x"}},
        {"spec": {"workspace": "/a", "git_remote_repo": "https://g", "entrypoint": "x"}},
        {"spec": {"workspace": "/a", "entrypoint": "x", "parameters": "p" * 2047}},
        {"resource": {"node_count": 0}},
        {"resource": {"image": "a/b"}},
        {"options": {"tags": ["_mine"]}},
        {"services": [{"name": "a", "type": "http", "port": 1}, {"name": "b", "type": "tcp", "port": 1}]},
        {"services": [{"name": "jupyter", "port": 1}]},
        {"services": [{"name": "a", "type": "local", "port": 1}]},
        {"services": [{"name": "a", "type": "http", "port": 1, "startup_script": "a; b"}]},
    ],
)
def test_a_broken_rule_is_a_200_that_says_no(caller: Caller, change: dict[str, Any]) -> None:
    """Nothing is made by it."""
    assert caller.no(CREATE, {**task("t"), **change})
    assert caller.post("/query/task/list", page=1, page_size=10)["result"]["total"] == 0


def test_values_are_coerced_as_the_check_does(caller: Caller) -> None:
    """Numbers and truths become text; the schema stays as it was submitted, unknown members too."""
    body = task("t", spec={"environments": {"A": 1, "B": 1.5, "C": True}}, more={"kept": True})
    row = caller.post(CREATE, body)["task"]
    assert row["config_json"]["environments"] == {"A": "1", "B": "1.5", "C": "True"}
    assert row["config_json"]["schema"] == body
    assert row["chain_status"] == "waiting_init"


def test_the_name_is_a_lock_among_the_unfinished(caller: Caller) -> None:
    """A second one is refused until the first has ended; then it starts another chain, and the name means that."""
    first = caller.create("t")
    assert "t" in caller.no(CREATE, task("t"))
    caller.post("/operating/task/stop", chain_id=first["chain_id"])
    second = caller.create("t")
    assert second["chain_id"] != first["chain_id"]
    assert caller.post("/query/task", nb_name="t")["result"]["task"]["chain_id"] == second["chain_id"]
    assert caller.show(first)["chain_status"] == "finished"


def test_selectors(caller: Caller) -> None:
    """Any id of a chain selects it; what is not there is 401 for operations and a 200 for the query."""
    row = caller.create("t")
    caller.post("/operating/task/suspend", id=row["id"])
    newest = caller.show(row)
    assert caller.post("/query/task", id=row["id"])["result"]["task"]["id"] == newest["id"] > row["id"]
    assert caller.no("/query/task", nb_name="missing")
    for path in ("stop", "suspend", "tag", "priority/update"):
        assert caller.raw(f"/operating/task/{path}", chain_id="none", tag="a", priority=10).status_code == 401
    assert caller.raw("/query/task/log", id=10**6).status_code == 401
    assert caller.raw("/query/task").status_code == 422


def test_a_suspended_task_is_the_same_chain_under_a_new_number(caller: Caller) -> None:
    """Each life has a row; in between it waits; its pods are those of the last life until it runs again."""
    row = caller.create("t", options={"whole_life_state": 7})
    assert caller.show(row)["chain_status"] == "running"
    for times in (1, 2, 3):
        caller.post("/operating/task/suspend", chain_id=row["chain_id"], restart_delay=5)
        waiting = caller.show(row)
        assert waiting["chain_status"] == "suspended"
        assert waiting["restart_count"] == times
        assert {pod["status"] for pod in waiting["_pods_"]} == {"stopped"}
        assert caller.show(row)["chain_status"] == "running"
    found = caller.show(row)
    assert found["first_id"] == row["id"] == found["id_list"][0]
    assert found["id"] == found["id_list"][-1]
    assert found["stop_code_list"] == [16, 16, 16, 0]
    assert found["whole_life_state"] == 7
    assert found["_pods_"][0]["pod_id"] == f"local-{found['id']}-0"


def test_a_stop_in_the_queue_is_at_once(caller: Caller) -> None:
    """It never ran, so it was canceled; a stop of what has ended changes nothing."""
    caller.create("wide", nodes=4)
    row = caller.create("waits")
    assert caller.show(row)["chain_status"] == "waiting_init"
    caller.post("/operating/task/stop", chain_id=row["chain_id"])
    found = caller.show(row)
    assert (found["chain_status"], found["worker_status"]) == ("finished", "canceled")
    caller.post("/operating/task/stop", chain_id=row["chain_id"], op="fail")
    assert caller.show(row)["worker_status"] == "canceled"


@pytest.mark.parametrize(
    ("op", "worker", "code"), [("stop", "stopped", 1024), ("succeed", "succeeded", 4096), ("fail", "failed", 8192)]
)
def test_a_stop_of_a_running_one(caller: Caller, op: str, worker: str, code: int) -> None:
    """It ends for good, with the status asked for."""
    row = caller.create("t")
    caller.post("/operating/task/stop", chain_id=row["chain_id"], op=op)
    found = caller.show(row)
    assert (found["chain_status"], found["worker_status"], found["stop_code"]) == ("finished", worker, code)
    assert len(ids(caller, row)) == 1


def test_an_end_by_itself(caller: Caller) -> None:
    """Success and failure are told by the worker, not by the chain."""
    fine = caller.create("fine", seconds="0")
    environments = {"SIMULATED_SECONDS": "0", "SIMULATED_EXIT_CODE": "3"}
    bad = caller.create("bad", spec={"environments": environments})
    late = caller.create("late", seconds="100", options={"timeout": 1})
    found = [caller.show(row) for row in (fine, bad, late)]
    assert {row["chain_status"] for row in found} == {"finished"}
    assert [(row["worker_status"], row["stop_code"]) for row in found] == [
        ("succeeded", 1),
        ("failed", 128),
        ("stopped", 512),
    ]
    assert found[1]["_pods_"][0]["exit_code"] == "3"


def test_resume_starts_a_new_life_of_what_has_ended(caller: Caller) -> None:
    """In the same chain; what has not ended is refused, and so is one whose name is taken meanwhile."""
    row = caller.create("t")
    assert caller.no("/operating/task/resume", chain_id=row["chain_id"])
    caller.post("/operating/task/stop", chain_id=row["chain_id"])
    assert caller.post("/operating/task/resume", chain_id=row["chain_id"])["task"]["chain_status"] == "suspended"
    assert caller.show(row)["chain_status"] == "running"
    caller.post("/operating/task/stop", chain_id=row["chain_id"])
    caller.create("t")
    assert caller.no("/operating/task/resume", chain_id=row["chain_id"])


def test_priority_changes_at_most_every_ten_seconds(caller: Caller, clock: Clock) -> None:
    """Never for a finished task, never to a value that is none; `real_priority` rewrites the schema."""
    row, path = caller.create("t"), "/operating/task/priority/update"
    assert caller.no(path, chain_id=row["chain_id"], priority=31)
    caller.post(path, chain_id=row["chain_id"], priority=40)
    assert caller.no(path, chain_id=row["chain_id"], priority=20)
    clock.advance(10)
    caller.post(path, chain_id=row["chain_id"], real_priority=20)
    found = caller.show(row)
    assert (found["priority"], found["config_json"]["schema"]["priority"]) == (20, 20)
    caller.post("/operating/task/stop", chain_id=row["chain_id"])
    clock.advance(10)
    assert caller.no(path, chain_id=row["chain_id"], priority=40)


def test_a_priority_does_not_outlive_a_suspension(caller: Caller) -> None:
    """On restart it is that of the schema again."""
    row = caller.create("t", priority=20)
    caller.post("/operating/task/priority/update", chain_id=row["chain_id"], priority=40)
    assert caller.show(row)["priority"] == 40
    caller.post("/operating/task/suspend", chain_id=row["chain_id"])
    assert caller.show(row)["priority"] == 20


def test_a_higher_priority_takes_the_nodes(caller: Caller) -> None:
    """The lowest gives way, waits suspended, and comes back when there is room."""
    low = caller.create("low", nodes=3, priority=10)
    middle = caller.create("middle", nodes=1, priority=20)
    assert [caller.show(row)["chain_status"] for row in (low, middle)] == ["running", "running"]
    high = caller.create("high", nodes=2, priority=40)
    assert caller.show(high)["chain_status"] == "running"
    assert caller.show(low)["chain_status"] == "suspended"
    assert caller.show(middle)["chain_status"] == "running"
    caller.post("/operating/task/stop", chain_id=high["chain_id"])
    caller.show(low)
    assert caller.show(low)["chain_status"] == "running"
    assert len(ids(caller, low)) == 2


def test_beyond_quota_waits_however_many_nodes_are_free(caller: Caller) -> None:
    """Until the quota is raised, which a user may do for themselves."""
    quota = "/operating/user/training_quota/update"
    caller.post(quota, group_label="training", priority_label="HIGH", quota=1)
    row = caller.create("t", nodes=2, priority=30)
    assert caller.show(row)["chain_status"] == "waiting_init"
    auto = caller.create("auto", nodes=2, priority=-1)
    assert caller.show(auto)["config_json"]["running_priority"] == "EXTREME_HIGH"
    caller.post(quota, group_label="training", priority_label="HIGH", quota=2)
    assert caller.show(row)["chain_status"] == "running"
    used = caller.post("/query/user/quota/list")["result"]["used_node_quota"]
    assert used == {"training-HIGH": 2, "training-EXTREME_HIGH": 2}


def test_zones_and_nodes(caller: Caller) -> None:
    """A zone holds half of the nodes; a group nobody has is taken, and waits."""
    zone = caller.create("zone", nodes=2, resource={"group": "training#B"})
    assert caller.show(zone)["assigned_nodes"] == ["local-2", "local-3"]
    nowhere = caller.create("nowhere", resource={"group": "elsewhere"})
    assert caller.show(nowhere)["chain_status"] == "waiting_init"
    nodes = caller.post("/query/node/list")["cluster_df"]
    assert [node["working_task_id"] for node in nodes] == [None, None, zone["id"], zone["id"]]
    assert caller.post("/query/node/client_overview")["result"]["free"] == 2


def test_tags(caller: Caller) -> None:
    """Put on at create and later, taken off one by one or everywhere, never with a leading underscore."""
    row = caller.create("t", options={"tags": "a,b", "shared_in_group": True})
    selector = {"chain_id": row["chain_id"]}
    assert row["tags"] == ["_shared_in_local", "a", "b"]
    caller.post("/operating/task/tag", tag="c", **selector)
    caller.post("/operating/task/untag", tag="a", **selector)
    caller.post("/operating/task/untag", tag="never", **selector)
    caller.post("/operating/task/unshare", **selector)
    assert caller.show(row)["tags"] == ["b", "c"]
    assert caller.no("/operating/task/tag", tag="_x", **selector)
    assert caller.post("/query/user/tag/list")["result"] == ["b", "c"]
    caller.post("/operating/user/tag/delete", tag=["b", "c"])
    assert caller.show(row)["tags"] == []


def test_artifacts(caller: Caller) -> None:
    """A record of where data lives, mapped to tasks; its end blanks the mapping."""
    row = caller.create("t")
    selector = {"chain_id": row["chain_id"]}
    assert isinstance(caller.post("/query/task/artifact/get", **selector)["msg"], str)
    caller.post("/operating/user/artifact/createupdate", name="data", version="v1", location="/a")
    caller.post("/operating/user/artifact/createupdate", name="data", version="v1", location="/b")
    assert [a["location"] for a in caller.post("/query/user/artifact/get", name="data")["msg"]] == ["/b"]
    mapping = {"artifact_name": "data", "artifact_version": "v1", "direction": "input"}
    caller.post("/operating/task/artifact/map", **mapping, **selector)
    assert caller.no("/operating/task/artifact/map", artifact_name="none", direction="input", **selector)
    assert caller.post("/query/task/artifact/get", **selector)["msg"]["in_artifact"] == "data:v1"
    assert len(caller.post("/query/task/artifact/list", artifact_name="data", artifact_version="v1")["msg"]) == 1
    caller.post("/operating/user/artifact/delete", name="data", version="v1")
    caller.post("/operating/user/artifact/delete", name="data", version="v1")
    assert isinstance(caller.post("/query/task/artifact/get", **selector)["msg"], str)
    caller.post("/operating/task/artifact/unmap", direction="all", **selector)


def test_lists(caller: Caller, clock: Clock) -> None:
    """Paged, newest first, one entry per chain, with every filter; page and size are both wanted."""
    for number in range(5):
        caller.create(f"t_{number}", seconds="0", options={"tags": [f"n{number % 2}"]})
        clock.advance(60)
    caller.create("tx3", nodes=4)

    def names(**query: Any) -> list[str]:
        found = caller.post("/query/task/list", **{"page": 1, "page_size": 100, **query})["result"]
        return [row["nb_name"] for row in found["tasks"]]

    assert names() == ["tx3", "t_4", "t_3", "t_2", "t_1", "t_0"]
    assert names(page=2, page_size=4) == ["t_1", "t_0"]
    assert names(page=9) == []
    assert names(tag="n1") == ["t_3", "t_1"]
    assert names(excluded_tag="n1") == ["tx3", "t_4", "t_2", "t_0"]
    assert names(worker_status="succeeded", order_by="first_id") == ["t_4", "t_3", "t_2", "t_1", "t_0"]
    assert names(queue_status=["scheduled", "queued"]) == ["tx3"]
    assert names(nb_name_pattern="t_3") == ["tx3", "t_3"]
    assert names(nb_name_pattern="t%4") == ["t_4"]
    assert names(task_type="virtual") == []
    assert names(only_star="True") == []
    assert names(created_start_time="2999-01-01T00:00:00", created_end_time="3000-01-01T00:00:00") == []
    for wrong in ({"page": 0}, {"page_size": 101}, {"page": ""}, {"order_by": "name"}):
        assert caller.raw("/query/task/list", **{"page": 1, "page_size": 1, **wrong}).status_code == 422
    assert caller.raw("/query/task/list", page=1).status_code == 422
    rows = caller.post("/query/task/list", page=1, page_size=1, select_pods=False)["result"]["tasks"]
    assert rows[0]["_pods_"] == []
    counted = caller.post("/query/task/list_all_with_priority")["result"]
    assert counted == [{"priority": 30, "queue_status": "scheduled", "count": 1}]


def test_logs(caller: Caller) -> None:
    """All lives in one, read on from where one was; nothing yet is a sentence."""
    spec = {"entrypoint": "x", "entrypoint_executable": True, "environments": {"SIMULATED_SECONDS": "inf"}}
    row = caller.create("t", spec={**spec, "parameters": "\necho hello\necho bye"})
    silent = caller.create("silent")
    assert caller.post("/query/task/log", chain_id=silent["chain_id"])["data"] == "还没产生日志"
    selector = {"chain_id": row["chain_id"]}
    first = caller.post("/query/task/log", rank=0, last_seen="null", **selector)
    assert [line[29:] for line in first["data"].splitlines()] == ["hello", "bye"]
    assert first["stop_code"] == 0
    caller.post("/operating/task/suspend", **selector)
    caller.show(row)
    caller.show(row)
    again = caller.post("/query/task/log", last_seen=json.dumps(first["last_seen"]), **selector)
    assert [line[29:] for line in again["data"].splitlines()] == ["hello", "bye"]
    assert again["last_seen"]["id"] > first["last_seen"]["id"]
    assert list(again["restart_log"]) == [str(row["id"])]
    whole = caller.post("/query/task/log", last_seen="None", **selector)
    assert len(whole["data"].splitlines()) == 4
    assert caller.post("/query/task/log", last_seen=json.dumps(again["last_seen"]), **selector)["data"] == ""
    assert caller.post("/query/task/log/search", content="hello", **selector)["data"] == [2]


def test_a_finished_task_that_never_logged_says_it_ended(caller: Caller) -> None:
    """Or whoever follows its log would wait for ever."""
    row = caller.create("t", seconds="0")
    caller.show(row)
    assert caller.post("/query/task/log", chain_id=row["chain_id"])["stop_code"] == 1


def test_what_needs_other_rights(caller: Caller) -> None:
    """Administration is refused, not unknown."""
    assert caller.raw("/operating/user/create").status_code == 403
    assert caller.raw("/operating/task/validate").status_code == 404


def test_calls_at_once_lose_no_run(caller: Caller, platform: Platform) -> None:
    """Tasks started, suspended and stopped from many threads all end as asked, and no run is written off."""
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda number: caller.create(f"t{number}"), range(12)))
        for path in ("suspend", "stop"):
            list(
                pool.map(lambda row, path=path: caller.post(f"/operating/task/{path}", chain_id=row["chain_id"]), rows)
            )
    found = [caller.show(row) for row in rows]
    assert {row["chain_status"] for row in found} == {"finished"}
    assert {row["worker_status"] for row in found} <= {"stopped", "canceled"}
    runs = platform.services.runs.history
    assert {row.cause for row in map(runs.get, runs.identifiers()) if row} <= {Cause.CANCELLED}
