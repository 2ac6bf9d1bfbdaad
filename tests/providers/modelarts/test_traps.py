"""The 27 traps of the platform contract (section 11), one test each, in its order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.errors import Conflict, NotFound, Refused, Unanswered
from reconciler.localplatform.faults import FaultKind, FaultRule
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.kind import CreateClass, Life, OnFieldChange
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Phase
from reconciler.planning.normalise import normalise, spec_digest
from reconciler.providers.exchange import Answer, Call, Effect
from reconciler.providers.modelarts import PROVIDER, listing_v1, listing_v2
from reconciler.providers.modelarts.faults import fault
from reconciler.providers.modelarts.logs import whole_log, window
from reconciler.providers.modelarts.marks import stamp, taken_apart
from reconciler.providers.modelarts.place import path_to
from reconciler.providers.modelarts.shapes_v1 import CONFIG_FIELDS, JOB_FIELDS, fields_of
from reconciler.providers.modelarts.shapes_v2 import spec_of
from tests.providers.modelarts.opened import NAMED, OWNER, at, config_v1, desired, job_v1, job_v2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock
    from reconciler.providers.modelarts.connection import ModelArtsConnection

CONFIG, V1, V2 = "TrainingJobConfig", "TrainingJob", "TrainingJobV2"
KINDS = load_catalogue().kinds


def handler(connection: ModelArtsConnection, kind: str) -> Any:
    """The handler of a kind, with all its abilities."""
    return connection.handler(kind)


def sent(platform: Platform, *methods: str) -> list[tuple[str, str]]:
    """Method and path below the project of what arrived."""
    return [(e["method"], e["path"].split("/", 3)[3]) for e in platform.log.report() if e["method"] in methods]


def answer(body: Any, status: int = 200) -> Answer:
    """What came back."""
    return Answer(status, {}, json.dumps(body).encode())


def test_trap_01_a_job_is_not_updatable(platform: Platform, connection: ModelArtsConnection) -> None:
    """A changed config is a version derived from the newest, which is kept; a new description is none of both."""
    jobs = handler(connection, V1)
    first = jobs.create(desired(V1, job_v1("a")))
    jobs.update(first.remote_id, desired(V1, {**job_v1("a"), "job_desc": "new"}))
    second = jobs.create(desired(V1, job_v1("a", worker_server_num=2), attempt=2))
    third = jobs.create(desired(V1, job_v1("a", worker_server_num=3), attempt=3))
    assert sent(platform, "POST", "PUT") == [
        ("POST", "training-jobs"),
        ("PUT", "training-jobs/1"),
        ("POST", "training-jobs/1/versions"),
        ("POST", "training-jobs/1/versions"),
    ]
    assert [r.remote_id for r in (first, second, third)] == ["1/2", "1/3", "1/4"]
    bodies = [json.loads(e["body"]) for e in platform.log.report() if e["path"].endswith("/versions") and e["body"]]
    assert [body["config"]["pre_version_id"] for body in bodies] == [2, 3]
    machines = [jobs.read(at(V1, "a"), r.remote_id).spec["config"]["worker_server_num"] for r in (first, second, third)]
    assert machines == [1, 2, 3]
    rules = {rule.path: rule.on_change for rule in KINDS["modelarts", V1].rules}
    assert [path for path, change in rules.items() if change is OnFieldChange.UPDATE] == ["job_desc"]


def test_trap_02_a_version_is_never_posted_twice(platform: Platform, connection: ModelArtsConnection) -> None:
    """A lost answer is settled by finding the child of the version it derives from; creating again sends nothing."""
    jobs = handler(connection, V1)
    jobs.create(desired(V1, job_v1("a")))
    platform.faults.add(FaultRule(FaultKind.LOST, operation="CreateTrainingJobVersion"))
    wanted = desired(V1, job_v1("a", worker_server_num=2), attempt=2)
    with pytest.raises(Unanswered):
        jobs.create(wanted)
    (found,) = jobs.find(wanted.address, wanted.mark)
    assert found.spec["config"]["worker_server_num"] == 2
    assert jobs.create(wanted).remote_id == found.remote_id
    assert sent(platform, "POST").count(("POST", "training-jobs/1/versions")) == 1
    assert PROVIDER.create_class[V1] is CreateClass.SEARCH_ONLY


def test_trap_03_fields_lost_on_a_new_version(platform: Platform, connection: ModelArtsConnection) -> None:
    """What a version cannot have is refused before anything is sent, with the way out."""
    jobs = handler(connection, V1)
    volumes = [{"host_path": {"src_path": "/d", "dest_path": "/e"}}]
    jobs.create(desired(V1, job_v1("a", volumes=volumes)))
    with pytest.raises(Refused, match="volumes"):
        jobs.create(desired(V1, job_v1("a", volumes=volumes, worker_server_num=2), attempt=2))
    with pytest.raises(Refused, match="train_url"):
        jobs.create(desired(V1, job_v1("a", train_url=""), attempt=2))
    assert sent(platform, "POST") == [("POST", "training-jobs")]


def test_trap_04_a_job_without_a_version(platform: Platform, connection: ModelArtsConnection) -> None:
    """Nobody can declare one, and one that exists is listed and not taken for a run."""
    config = next(rule for rule in KINDS["modelarts", V1].rules if rule.path == "config.train_url")
    assert config.empty_is_absent
    schema = json.dumps(load_catalogue().schemas["modelarts", V1])
    assert "create_version" not in schema
    jobs, wanted = handler(connection, V1), desired(V1, job_v1("a"))
    place = jobs._place
    config_without = {**job_v1("a")["config"], "create_version": False}
    place.v1(Call("x", "POST", "/training-jobs", body={**job_v1("a"), "config": config_without}))
    assert [row.name for row in jobs.browse("-", {}, 10)] == ["a"]
    assert jobs.find(wanted.address, wanted.mark) == ()
    with pytest.raises(Conflict):
        jobs.create(wanted)


def test_trap_05_names_are_compared_and_freed_late(
    platform: Platform, connection: ModelArtsConnection, clock: Clock
) -> None:
    """A contains-match is never believed, and as long as a deletion takes a name is taken."""
    for kind, make in ((V1, job_v1), (V2, job_v2)):
        jobs = handler(connection, kind)
        longer = desired(kind, make("train-more", seconds="0"))
        run = jobs.create(longer)
        assert jobs.find(at(kind, "train"), longer.mark) == ()
        jobs.stop(longer.address, run.remote_id)
        platform.services.switches.turn({"modelarts_delete_seconds": 60})
        jobs.read(longer.address, run.remote_id)
        jobs.delete(longer.address, run.remote_id)
        assert jobs.read(longer.address, run.remote_id) is not None
        stranger = desired(kind, make("train-more"), owner=Owner("other", "dev"))
        with pytest.raises(Conflict):
            jobs.create(stranger)
        clock.advance(61)
        assert jobs.read(longer.address, run.remote_id) is None
        assert jobs.create(stranger).remote_id
        platform.services.switches.turn({"modelarts_delete_seconds": 0})


def test_trap_06_ids_are_kept_as_texts(connection: ModelArtsConnection) -> None:
    """v1 gives numbers as texts in one answer and as numbers in another: one remote id comes of both."""
    jobs = handler(connection, V1)
    made = jobs.create(desired(V1, job_v1("a")))
    assert made.remote_id == jobs.read(at(V1, "a"), made.remote_id).remote_id == "1/2"
    assert [row.remote_id for row in jobs.browse("-", {}, 5)] == ["1/2"]


@pytest.mark.parametrize("as_400", [False, True])
def test_trap_07_no_inside_of_a_200(platform: Platform, connection: ModelArtsConnection, as_400: bool) -> None:
    """`is_success: false` is a failure whatever its HTTP status, with the platform's code and words."""
    platform.services.switches.turn({"modelarts_v1_failures_as_400": as_400})
    configs = handler(connection, CONFIG)
    configs.create(desired(CONFIG, config_v1("a")))
    with pytest.raises(Conflict, match=r"ModelArts\.0103.*exists already") as refused:
        configs.create(desired(CONFIG, config_v1("a")))
    assert refused.value.status == (400 if as_400 else 200)
    for body in ({"is_success": False}, {"is_success": "false", "error_code": "ModelArts.0010"}):
        assert fault(answer(body)) is not None
    assert fault(answer({"is_success": True, "error_code": "ignored"})) is None


def test_trap_08_not_found_in_three_ways(connection: ModelArtsConnection) -> None:
    """HTTP 400 with 2775, a 200 that says no, and an unknown configuration are all "there is none"."""
    assert handler(connection, V2).read(at(V2, "a"), "00000000-0000-4000-8000-000000000000") is None
    assert handler(connection, V1).read(at(V1, "a"), "77/78") is None
    assert handler(connection, CONFIG).read(at(CONFIG, "a"), "a") is None
    for kind, remote_id in ((V1, "77/78"), (V2, "none"), (CONFIG, "none")):
        handler(connection, kind).delete(at(kind, "a"), remote_id)
    found = fault(answer({"error_code": "ModelArts.2775", "error_msg": "x"}, 400))
    assert found is not None
    assert found.status == 404
    other = fault(answer({"is_success": False, "error_code": "ModelArts.0102", "error_message": "bad parameter"}))
    assert other is not None
    assert other.status == 0


def test_trap_09_numbers_as_strings_and_strings_as_numbers(connection: ModelArtsConnection) -> None:
    """What was sent as a text is read as a text: 0.01 equals "0.01", and "0.10" is another value."""
    configs = handler(connection, CONFIG)
    parameters = [{"label": "a", "value": "0.01"}, {"label": "b", "value": "0.10"}, {"label": "c", "value": "7"}]
    wanted = desired(CONFIG, config_v1("a", parameter=parameters))
    configs.create(wanted)
    assert configs.read(wanted.address, "a").spec["parameter"] == parameters
    row = {"worker_server_num": "2", "spec_id": "3", "engine_id": 1}
    assert fields_of(row, CONFIG_FIELDS) == {"worker_server_num": 2, "spec_id": 3, "engine_id": 1}


def test_trap_10_json_inside_strings(connection: ModelArtsConnection) -> None:
    """Metrics, which are an object here and a text there, are no part of what is compared."""
    jobs = handler(connection, V1)
    wanted = desired(V1, job_v1("a"))
    made = jobs.create(wanted)
    spec = jobs.read(wanted.address, made.remote_id).spec
    assert not [name for name in spec["config"] if name.endswith("metric_list")]


def test_trap_11_parameters_change_their_meaning_with_an_image(platform: Platform) -> None:
    """With an image of one's own they are variables, else arguments; their order means nothing."""
    from reconciler.localplatform.platforms.modelarts_work import job_v1 as read

    rows = [{"label": "rate", "value": "1"}]
    plain = read("x", "x", {"parameter": rows, "worker_server_num": 1})
    image = read("x", "x", {"parameter": rows, "worker_server_num": 1, "user_image_url": "lab/x:1"})
    assert (plain.parameters, dict(plain.environment)) == ((("rate", "1"),), {})
    assert (image.parameters, dict(image.environment)) == ((), {"rate": "1"})
    kind = KINDS["modelarts", V1]
    there = [{"label": "a", "value": "1"}, {"label": "b", "value": "2"}]
    digests = {_digest(kind, {"job_name": "j", "config": {"parameter": each}}) for each in (there, there[::-1])}
    assert len(digests) == 1


def _digest(kind: Any, spec: dict[str, Any]) -> str:
    return spec_digest(kind, normalise(kind, spec, scope="-", names={}))


def test_trap_12_decorated_parameters(connection: ModelArtsConnection) -> None:
    """Hints for the console beside label and value are left out."""
    configs = handler(connection, CONFIG)
    wanted = desired(CONFIG, config_v1("a"))
    configs.create(wanted)
    shown = configs._place.v1(Call("x", "GET", "/training-job-configs/a"))
    assert set(shown["parameter"][0]) > {"label", "value"}
    assert configs.read(wanted.address, "a").spec["parameter"] == config_v1("a")["parameter"]


def test_trap_13_nulls(connection: ModelArtsConnection) -> None:
    """Null, empty and missing are one."""
    for nothing in ({"log_url": None}, {"log_url": ""}, {}, {"parameter": [], "volumes": [], "dataset_id": ""}):
        assert fields_of(nothing, JOB_FIELDS) == {}
    rules = {rule.path: rule for rule in KINDS["modelarts", CONFIG].rules}
    assert all(rules[name].empty_is_absent for name in ("log_url", "train_url", "parameter", "user_command"))
    assert spec_of({"algorithm": {"command": "", "environments": None}, "metadata": {}}, "a") == {"name": "a"}


def test_trap_14_paths(connection: ModelArtsConnection) -> None:
    """v1 folders are compared with a slash at both ends, however the platform writes them."""
    for path in ("/b/x/", "/b/x", "obs://b/x", "obs://b/x/"):
        assert fields_of({"app_url": path}, CONFIG_FIELDS) == {"app_url": "/b/x/"}
    assert fields_of({"boot_file_url": "obs://b/x/t.py"}, CONFIG_FIELDS) == {"boot_file_url": "/b/x/t.py"}


def test_trap_15_specification_against_pool(connection: ModelArtsConnection) -> None:
    """The platform fills in the one that was not asked for; what was asked for is what is read."""
    jobs = handler(connection, V1)
    config = {**job_v1("a")["config"], "pool_id": "pool-local"}
    del config["spec_id"]
    wanted = desired(V1, {"job_name": "a", "config": config})
    made = jobs.create(wanted)
    shown = jobs._row(wanted.address, made.remote_id)
    assert (shown["spec_id"], shown["pool_id"]) == (2, "pool-local")
    read = jobs.read(wanted.address, made.remote_id).spec["config"]
    assert (read["pool_id"], {"spec_id", "spec_code"} & set(read)) == ("pool-local", set())
    assert KINDS["modelarts", V1].life is Life.RUN
    with pytest.raises(Refused, match="exclude"):
        jobs.create(desired(V1, job_v1("b", pool_id="pool-local")))


def test_trap_16_an_update_replaces(platform: Platform, connection: ModelArtsConnection) -> None:
    """An edit is one PUT of the whole; what was taken away is sent empty, so that it is gone either way."""
    configs = handler(connection, CONFIG)
    configs.create(desired(CONFIG, {**config_v1("a", log_url="/lab/logs/", data_url="/lab/d/"), "config_desc": "old"}))
    wanted = desired(CONFIG, config_v1("a", worker_server_num=2))
    configs.update("a", wanted)
    assert sent(platform, "PUT") == [("PUT", "training-job-configs/a")]
    body = json.loads(next(e["body"] for e in platform.log.report() if e["method"] == "PUT"))
    assert (body["log_url"], body["data_url"], body["worker_server_num"]) == ("", "", 2)
    assert "config_name" not in body
    assert configs.read(wanted.address, "a").spec == {**config_v1("a", worker_server_num=2), **NAMED}
    assert configs.read(wanted.address, "a").mark == wanted.mark


def test_trap_17_pages(platform: Platform, connection: ModelArtsConnection) -> None:
    """Versions are asked for page by page, v2 by page number from 0, and no list ends early or repeats."""
    jobs = handler(connection, V2)
    for number in range(listing_v2.PAGE_SIZE + 3):
        jobs.create(desired(V2, job_v2(f"many-{number:03}", seconds="0")))
    rows = list(listing_v2.every(jobs._place, "-", []))
    assert len({listing_v2.identifier(row) for row in rows}) == len(rows) == listing_v2.PAGE_SIZE + 3
    offsets = [json.loads(e["body"])["offset"] for e in platform.log.report() if e["path"].endswith("-searches")]
    assert offsets == [0, 1]
    assert len(list(jobs.browse("-", {"name": "many-00"}, 100))) == 10
    legacy = handler(connection, V1)
    legacy.create(desired(V1, job_v1("a", seconds="0")))
    assert listing_v1.versions(legacy._place, "1")[1]
    assert any("page=1" in e["query"] for e in platform.log.report() if e["path"].endswith("/versions"))


@pytest.mark.parametrize("per_page", [2, 1000])
def test_no_list_ends_with_a_short_page(per_page: int) -> None:
    """A platform that gives less than was asked for, and a whole page of new rows while we walk, hide nothing: what a
    list does not show would be submitted a second time.
    """
    ids = [str(number) for number in range(5)]
    place = _Listing(ids, per_page)
    assert [row["version_id"] for row in listing_v1.versions(cast("Any", place), "1")[1]] == ids
    assert [row["config_name"] for row in listing_v1.configs(cast("Any", place))] == ids
    arriving = _Listing([f"old-{each}" for each in ids], 2, arriving=["new-1", "new-2"])
    found = [listing_v2.identifier(row) for row in listing_v2.every(cast("Any", arriving), "-", [])]
    assert found == [f"old-{each}" for each in ids]


class _Listing:
    """Lists of things with these ids, at most `most` on a page; `arriving` come in front of them after the first."""

    def __init__(self, ids: list[str], most: int, arriving: Sequence[str] = ()) -> None:
        self._ids, self._most, self._arriving = ids, most, list(arriving)

    def v1(self, call: Call) -> dict[str, Any]:
        """One page of versions or configurations."""
        asked = {name: int(str(call.query[name])) for name in ("page", "per_page")}
        key, name = ("versions", "version_id") if "versions" in call.path else ("configs", "config_name")
        size = min(asked["per_page"], self._most)
        rows = [{name: each} for each in self._ids[(asked["page"] - 1) * size : asked["page"] * size]]
        return {key: rows, "version_count": len(self._ids), "config_total_count": len(self._ids)}

    def v2(self, call: Call) -> dict[str, Any]:
        """One page of jobs, newest first."""
        start = call.body["offset"] * self._most
        rows = [{"metadata": {"id": each}} for each in self._ids[start : start + self._most]]
        self._ids, self._arriving = [*self._arriving, *self._ids], []
        return {"items": rows, "count": len(self._ids)}

    def rows(self, answer: dict[str, Any], key: str, _call: Call) -> list[dict[str, Any]]:
        """The list."""
        found: list[dict[str, Any]] = answer[key]
        return found


def test_trap_18_a_post_that_reads_and_a_delete_with_a_body(
    platform: Platform, connection: ModelArtsConnection
) -> None:
    """The search may be repeated like any read; tags that go are named in the body of the DELETE."""
    jobs = handler(connection, V2)
    tagged = desired(V2, {**job_v2("a"), "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]})
    made = jobs.create(tagged)
    platform.faults.add(FaultRule(FaultKind.ERROR, operation="ListTrainingJobs"))
    assert [found.remote_id for found in jobs.find(tagged.address, tagged.mark)] == [made.remote_id]
    jobs.update(made.remote_id, desired(V2, {**job_v2("a"), "tags": [{"key": "a", "value": "9"}]}))
    assert jobs.read(tagged.address, made.remote_id).spec["tags"] == [{"key": "a", "value": "9"}]
    deleted = next(e for e in platform.log.report() if e["path"].endswith("/tags/delete"))
    assert (deleted["method"], json.loads(deleted["body"])) == ("DELETE", {"tags": [{"key": "b", "value": "2"}]})
    assert Call("x", "POST", "/training-job-searches", effect=Effect.READ).meaning is Effect.READ


def test_trap_19_completed_is_no_drift(connection: ModelArtsConnection) -> None:
    """A run that has ended reads as ended; whether it runs again is decided by policy, not here."""
    for kind, make in ((V1, job_v1), (V2, job_v2)):
        jobs, wanted = handler(connection, kind), desired(kind, make("a", seconds="0"))
        live = jobs.read(wanted.address, jobs.create(wanted).remote_id)
        assert (live.phase, KINDS["modelarts", kind].life) == (Phase.SUCCEEDED, Life.RUN)


def test_trap_20_stop_what_has_ended(connection: ModelArtsConnection) -> None:
    """That nothing is left to stop is no error, in either dialect, and neither is a second stop."""
    for kind, make in ((V1, job_v1), (V2, job_v2)):
        jobs = handler(connection, kind)
        over = desired(kind, make("over", seconds="0"))
        run = jobs.create(over)
        jobs.read(over.address, run.remote_id)
        jobs.stop(over.address, run.remote_id)
        assert jobs.read(over.address, run.remote_id).phase is Phase.SUCCEEDED
        going = desired(kind, make("going"))
        run = jobs.create(going)
        jobs.stop(going.address, run.remote_id)
        jobs.stop(going.address, run.remote_id)
        assert jobs.read(going.address, run.remote_id).phase in {Phase.STOPPING, Phase.CANCELLED}


def test_trap_21_a_running_v1_job_is_not_deleted(connection: ModelArtsConnection) -> None:
    """The platform may refuse; that is told, nothing is lost, and after a stop it goes."""
    jobs, wanted = handler(connection, V1), desired(V1, job_v1("a"))
    made = jobs.create(wanted)
    with pytest.raises(Refused, match="stop it first"):
        jobs.delete(wanted.address, made.remote_id)
    assert jobs.read(wanted.address, made.remote_id) is not None
    jobs.stop(wanted.address, made.remote_id)
    jobs.read(wanted.address, made.remote_id)
    jobs.delete(wanted.address, made.remote_id)
    assert jobs.read(wanted.address, made.remote_id) is None


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_trap_22_an_empty_id_goes_nowhere(platform: Platform, connection: ModelArtsConnection, bad: str) -> None:
    """Above all not into a DELETE of everything."""
    with pytest.raises(Refused):
        path_to("training-jobs", bad)
    for kind in (CONFIG, V1, V2):
        with pytest.raises(Refused):
            handler(connection, kind).delete(at(kind, "a"), bad)
    with pytest.raises(Refused):
        handler(connection, V1).read(at(V1, "a"), "1/")
    assert sent(platform, "DELETE", "GET") == []


def test_trap_23_raw_json_is_compared(connection: ModelArtsConnection) -> None:
    """What the vendor's models lose is read: volumes that are no nfs, auto_stop, a wrapped map of variables."""
    jobs = handler(connection, V2)
    volumes = [{"pfs": {"pfs_path": "/p", "local_path": "/l"}}, {"obs": {"obs_path": "/o", "local_path": "/m"}}]
    stop = {"time_unit": "HOURS", "duration": 2}
    given = job_v2("a")
    wanted = desired(V2, {**given, "spec": {**given["spec"], "volumes": volumes, "auto_stop": stop}})
    live = jobs.read(wanted.address, jobs.create(wanted).remote_id)
    assert (live.spec["spec"]["volumes"], live.spec["spec"]["auto_stop"]) == (volumes, stop)
    wrapped = spec_of({"algorithm": {"environments": [{"A": 1}]}}, "a")
    assert wrapped["algorithm"]["environments"] == {"A": "1"}


def test_trap_24_names_are_checked_before_anything_is_sent() -> None:
    """The vendor's client checks nothing: our schemas do."""
    validator = load_catalogue().validator("modelarts", V2)
    document = {
        "apiVersion": "modelarts/v2",
        "kind": "TrainingJob",
        "spec": {"algorithm": {}, "spec": {"resource": {}}},
    }
    assert validator.is_valid({**document, "metadata": {"name": "fine_1-2"}})
    for bad in ("a b", "x" * 65, "", "ünfein"):
        assert not validator.is_valid({**document, "metadata": {"name": bad}})


def test_trap_25_a_record_that_aged_away(connection: ModelArtsConnection) -> None:
    """A finished job that the platform no longer keeps is absent, not an error, and its logs are none."""
    jobs, wanted = handler(connection, V2), desired(V2, job_v2("a", seconds="0"))
    made = jobs.create(wanted)
    jobs.delete(wanted.address, made.remote_id)
    assert jobs.read(wanted.address, made.remote_id) is None
    with pytest.raises(NotFound):
        jobs.logs(wanted.address, made.remote_id)


def test_trap_26_the_description_moves(platform: Platform, connection: ModelArtsConnection) -> None:
    """It is read from metadata and written at the top; taken away it is empty, and the mark stays."""
    jobs, wanted = handler(connection, V2), desired(V2, {**job_v2("a"), "description": "old"})
    made = jobs.create(wanted)
    jobs.update(made.remote_id, desired(V2, job_v2("a")))
    body = json.loads(next(e["body"] for e in platform.log.report() if e["method"] == "PUT"))
    assert body == {"description": f"[{wanted.mark}]"}
    live = jobs.read(wanted.address, made.remote_id)
    assert ("description" in live.spec, live.mark) == (False, wanted.mark)


def test_trap_27_what_does_not_round_trip(connection: ModelArtsConnection) -> None:
    """Annotations are not read, and inputs come back decorated: of both the last applied value counts."""
    jobs = handler(connection, V2)
    given = job_v2("a")
    inputs = [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://lab/d/"}}}]
    spec = {**given, "annotations": {"x/y": "1"}, "algorithm": {**given["algorithm"], "inputs": inputs}}
    wanted = desired(V2, spec)
    live = jobs.read(wanted.address, jobs.create(wanted).remote_id)
    assert "annotations" not in live.spec
    assert live.spec["algorithm"]["inputs"] == [{**inputs[0], "local_dir": "/home/ma-user/modelarts/inputs/data_url_0"}]
    rules = {rule.path: rule for rule in KINDS["modelarts", V2].rules}
    assert rules["annotations"].write_only
    assert rules["algorithm.inputs"].write_only


class _Log:
    """A log that is served in windows, and grows by `grows` lines whenever it is asked."""

    base = 1_551_252_759_254_000_000

    def __init__(self, lines: int, grows: int = 0) -> None:
        self.lines = [f"line {number}" for number in range(lines)]
        self.grows = grows
        self.orders: list[str] = []

    def fetch(self, query: dict[str, str]) -> dict[str, Any]:
        """One window; its cursors are a number and a text."""
        self.orders.append(query["order"])
        most, last = int(query["lines"]), len(self.lines)
        start, end = max(last - most, 0), last
        if "base_line" in query and query["order"] == "asc":
            end = int(query["base_line"]) - self.base
            start = max(end - most, 0)
        elif "base_line" in query:
            start = int(query["base_line"]) - self.base + 1
            end = min(start + most, last)
        shown = self.lines[start:end]
        self.lines += [f"line {last + number}" for number in range(self.grows)]
        cursors = {"start_line": self.base + start, "end_line": str(self.base + end - 1)} if shown else {}
        return {"content": "\n".join(shown), "lines": str(len(shown)), **cursors}


@pytest.mark.parametrize("lines", [0, 1, 500, 501, 1234])
@pytest.mark.parametrize("grows", [0, 3, 250])
def test_windows_up_and_down(lines: int, grows: int) -> None:
    """Cursors of 19 digits keep their last one; each line comes once, in order, those written meanwhile included."""
    log = _Log(lines, grows)
    found = whole_log(log.fetch)
    assert found == log.lines[: len(found)]
    assert len(found) >= lines + (grows if lines else 0)
    assert set(log.orders) == ({"asc", "desc"} if lines else {"asc"})
    assert len(log.orders) < 12


def test_a_window_that_leads_back_is_not_believed() -> None:
    """One text of the vendor can be read as if `desc` went to earlier lines: no line comes twice, and no loop."""
    log = _Log(700)
    assert whole_log(lambda query: log.fetch({**query, "order": "asc"})) == log.lines
    assert window(log.fetch).first == str(_Log.base + 200)


def test_a_mark_is_the_last_bracket_and_no_other() -> None:
    """What an author writes in brackets stays; what does not fit is refused and nothing is sent."""
    mark = Mark.of_standing(OWNER, at(CONFIG, "a"))
    for text in ("", "plain", "ends [so]", f"quotes [{mark}] inside", "x" * 190):
        for after in ("", "12345678901234567890"):
            apart = taken_apart(stamp(text, mark, after))
            assert (apart.description, apart.mark, apart.after) == (text, mark, after)
    assert taken_apart(None).mark is taken_apart("[rc-zz]").mark is None
    with pytest.raises(Refused, match="no room"):
        stamp("x" * 222, mark)


def test_each_trap_has_its_test() -> None:
    """Named after it, in the order of the contract."""
    found = [name.split("_")[2] for name in globals() if name.startswith("test_trap_")]
    assert found == [f"{number:02}" for number in range(1, 28)]
