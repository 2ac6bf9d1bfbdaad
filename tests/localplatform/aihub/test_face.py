"""What the face does with what it takes: searches in a real database, content that is counted, turns and preemption."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.platforms.aihub_warehouse import SearchFailed, select
from tests.localplatform.aihub.caller import BASE, ENDLESS, RUNS, SEARCHES, TASKS, TRAININGS, VERSIONS, WORK
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.aihub.caller import Caller

WAITING, RUNNING, SUCCEEDED, FAILED, STOPPED = 1, 2, 3, 4, 5
DETAIL = "/dataset-mng/api/v2/dataset-versions-detail"


def _search(caller: Caller, **body: Any) -> dict[str, Any]:
    number = caller.data("POST", SEARCHES, {"name": "s", "type": 1, **body})["id"]
    found: dict[str, Any] = caller.data("GET", f"{SEARCHES}/{number}")
    return found


def test_sql_runs_against_a_real_table(caller: Caller) -> None:
    """The statement of the document works, and its file holds exactly what it finds."""
    found = _search(caller, sql="select object_name, width from meta where width > 1000 order by width, object_name")
    assert found["status"] == SUCCEEDED
    rows = list(csv.DictReader(io.StringIO(caller.session.get(found["result_url"]).text)))
    assert len(rows) > 10
    assert all(int(row["width"]) > 1000 for row in rows)
    everything = _search(caller, sql="select count(*) as n from meta where width > 1000")
    assert caller.session.get(everything["result_url"]).text == f"n\n{len(rows)}\n"


@pytest.mark.parametrize(
    "sql",
    [
        "select missing from meta",
        "drop table meta",
        "insert into meta values ('x', 'y', 1, 1, 1)",
        "update meta set width = 0",
        "attach database 'other.sqlite3' as other",
        "pragma writable_schema = 1",
        "select 1; select 2",
        "create table mine (x)",
    ],
)
def test_a_statement_that_may_not_run_fails(caller: Caller, sql: str) -> None:
    """It is taken and fails with the reason. Nothing is ever written."""
    found = _search(caller, sql=sql)
    assert (found["status"], "result_url" in found) == (FAILED, False)
    assert found["message"]
    assert _search(caller, sql="select count(*) from meta")["status"] == SUCCEEDED


def test_a_statement_without_end_is_ended(platform: Platform) -> None:
    """Nobody can keep the platform busy for ever."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    with pytest.raises(SearchFailed, match="interrupted"):
        select(platform.services.data, endless, seconds=0.1)


def test_an_empty_statement_is_refused(caller: Caller) -> None:
    """As is any search that lacks what its type needs."""
    for body in ({"type": 1, "sql": ""}, {"type": 2, "top_k": 1}, {"type": 3, "feature_lib_id": 1, "keywords": "x"}):
        assert caller.no("POST", SEARCHES, {"name": "s", **body})[0] == 400


def test_pictures_are_found_by_words_and_by_pictures(caller: Caller) -> None:
    """The best first, as many as asked for; a library that nobody has makes the search fail."""
    by_words = _search(caller, type=3, feature_lib_id=1, keywords="a dog", top_k=3)
    assert [row["label"] for row in by_words["results"]] == ["dog"] * 3
    image = [{"url": "http://pictures.example/bus-005.jpg", "box": [0, 0, 1, 1]}]
    by_picture = _search(caller, type=2, feature_lib_id=1, images=image, top_k=1)
    assert by_picture["results"][0]["image_url"].endswith("bus-005.jpg")
    assert by_picture["feature_lib_name"]
    assert _search(caller, type=3, feature_lib_id=7, keywords="x", top_k=1)["status"] == FAILED


def test_content_of_versions_is_counted(platform: Platform, caller: Caller) -> None:
    """A zip from the relay, a folder of a bucket, a folder of the host; what is not there fails, and takes a number."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.txt", "aaa")
        made.writestr("deep/b.txt", "bbbb")
    relay = {"params": {"bucket": "b", "key": "in/one.zip"}, "headers": {"Token": ACCOUNT.secret_key}}
    stored = caller.session.post(f"{BASE}/upload", files={"file": archive.getvalue()}, **relay).json()["data"]
    host = platform.services.data.locate("host", "faces")
    host.mkdir(parents=True)
    (host / "c.txt").write_text("ccccc")
    dataset = caller.data("POST", "/dataset-mng/api/v2/datasets", {"name": "faces"})["id"]
    sources = [(1, stored["path"]), (2, "s3://b/in"), (3, "/host/faces"), (2, "s3://none/x"), (1, "/host/faces/c.txt")]
    for kind, path in sources:
        caller.data("POST", VERSIONS, {"dataset_id": dataset, "upload_type": kind, "upload_path": path})
    shown = [caller.data("GET", DETAIL, params={"name": f"faces/V{n}"}) for n in range(1, 6)]
    told = [(each["status"], each["data_count"], each["data_size"]) for each in shown]
    assert told == [
        (SUCCEEDED, 2, 7),
        (SUCCEEDED, 1, len(archive.getvalue())),
        (SUCCEEDED, 1, 5),
        (FAILED, 0, 0),
        (FAILED, 0, 0),
    ]
    assert caller.no("GET", DETAIL, params={"name": "faces/V6"})[0] == 404


@pytest.mark.parametrize("path", ["/../../etc", "s3://b/../../x", "/host/../../x"])
def test_no_path_leads_out_of_the_data(platform: Platform, caller: Caller, path: str) -> None:
    """It fails like any other that is not there."""
    platform.services.data.area("b")
    platform.services.data.area("host")
    dataset = caller.data("POST", "/dataset-mng/api/v2/datasets", {"name": "d"})["id"]
    caller.data("POST", VERSIONS, {"dataset_id": dataset, "upload_type": 3, "upload_path": path})
    assert caller.data("GET", DETAIL, params={"name": "d/V1"})["status"] == FAILED


def test_tasks_wait_for_room_in_the_order_of_their_priority(caller: Caller) -> None:
    """A cluster has so many units; who is high goes first, and nobody overtakes who waits before him."""
    first = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=3, envs=ENDLESS)
    low = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=2, envs=ENDLESS)
    high = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=2, priority=2, envs=ENDLESS)
    small = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=1, envs=ENDLESS)
    elsewhere = caller.work(TASKS, virtual_cluster_id=1, sku_cnt=8, envs=ENDLESS)
    assert [caller.status(TASKS, n) for n in (first, low, high, small)] == [RUNNING, WAITING, WAITING, WAITING]
    assert caller.status(TASKS, elsewhere) == RUNNING
    caller.data("POST", f"{TASKS}/{first}/stop")
    assert [caller.status(TASKS, n) for n in (first, low, high, small)] == [STOPPED, RUNNING, RUNNING, WAITING]
    assert caller.data("GET", f"{TASKS}/{small}/pods")["total"] == 0


@pytest.mark.parametrize(("policy", "ends"), [(1, [RUNNING, RUNNING, WAITING]), (2, [RUNNING, STOPPED, RUNNING])])
def test_a_vip_waits_or_kills_as_it_says(caller: Caller, policy: int, ends: list[int]) -> None:
    """Policy 2 stops as few of low priority as give enough, the youngest first, and it is told who did that."""
    old = caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=2, envs=ENDLESS)
    young = caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=2, envs=ENDLESS)
    vip = caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=2, envs=ENDLESS, is_vip=True, preempt_policy=policy)
    assert [caller.status(TRAININGS, n) for n in (old, young, vip)] == ends
    if policy == 2:
        assert caller.data("GET", f"{TRAININGS}/{young}")["stop_op_user"] == {"id": 0, "name": "scheduler"}
    caller.data("POST", f"{TRAININGS}/{old}/stop")
    assert caller.status(TRAININGS, vip) == RUNNING


def test_high_priority_is_never_killed(caller: Caller) -> None:
    """Then the VIP waits too."""
    high = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=4, priority=2, envs=ENDLESS)
    vip = caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=1, envs=ENDLESS, is_vip=True, preempt_policy=2)
    assert (caller.status(TASKS, high), caller.status(TRAININGS, vip)) == (RUNNING, WAITING)


def test_what_waits_is_stopped_at_once_and_what_has_ended_is_not_stopped(caller: Caller) -> None:
    """The one never gets pods; the other is refused, since what the platform does is not known."""
    caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=4, envs=ENDLESS)
    waiting = caller.work(TRAININGS, virtual_cluster_id=2, sku_cnt=1)
    assert caller.raw("POST", f"{TRAININGS}/{waiting}/stop").json() == {"code": 0, "msg": ""}
    assert caller.status(TRAININGS, waiting) == STOPPED
    assert caller.no("POST", f"{TRAININGS}/{waiting}/stop")[0] == 409


@pytest.mark.parametrize(
    ("path", "field"),
    [(path, field) for path in (TRAININGS, TASKS) for field in ("virtual_cluster_id", "project_id", "storage_ids")],
)
def test_what_is_not_there_is_refused(caller: Caller, path: str, field: str) -> None:
    """Clusters, projects and storages; nothing is kept of the attempt."""
    body = {**WORK, "priority": 1, field: [99] if field == "storage_ids" else 99}
    code, said = caller.no("POST", path, body)
    assert (code, "99" in said) == (404, True)
    assert caller.no("GET", f"{path}/1")[0] == 404


def test_pods_come_in_pages(caller: Caller) -> None:
    """As many as asked for, all of them by default."""
    number = caller.work(TRAININGS, instances=5)
    whole = caller.data("GET", f"{TRAININGS}/{number}/pods")
    assert (whole["total"], len(whole["data"]), whole["page_num"]) == (5, 5, 1)
    last = caller.data("GET", f"{TRAININGS}/{number}/pods", params={"page_size": 2, "page_num": 3})
    assert [pod["name"] for pod in last["data"]] == [whole["data"][4]["name"]]
    assert caller.no("GET", f"{TRAININGS}/{number}/pods", params={"page_num": 0})[0] == 400


def test_runs_are_read_both_ways(caller: Caller) -> None:
    """As the document says, and as it surely means; a version of another pipeline is refused."""
    body = {"name": "r", "pipeline_id": 2, "pipeline_version_id": 3, "params": [{"name": "name", "value": "x"}]}
    number = caller.data("POST", RUNS, body)["id"]
    assert caller.data("GET", f"{RUNS}/{number}") == caller.data("POST", f"{RUNS}/{number}")
    nodes = caller.data("GET", f"{RUNS}/{number}")["task_nodes"]
    assert [(node["name"], node["dependencies"]) for node in nodes] == [("greet", []), ("rest", ["greet"])]
    assert caller.no("POST", RUNS, {**body, "pipeline_version_id": 1})[0] == 404


def test_without_a_token_nothing_is_told(caller: Caller) -> None:
    """But the detail of a version, for which the document lists no header."""
    caller.headers = {"Authorization": "Bearer fake-unknown-token"}
    assert caller.no("GET", "/model-training-platform/api/v1/storages")[0] == 401
    assert caller.no("GET", DETAIL, params={"name": "x/V1"})[0] == 404
    assert caller.no("POST", "/upload", params={"bucket": "b", "key": "k"})[0] == 401
