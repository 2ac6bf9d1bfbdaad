"""Each kind on the wire: what is sent, what is read back, and what is said when it goes wrong."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import CredentialsMissing, NotFound, Refused
from reconciler.localplatform.store import Query
from reconciler.model.mark import Mark
from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.aihub.connection import connect
from tests.providers.aihub.opened import CREDENTIALS, QUICK, SPECS, TARGET, at, desired, opened
from tests.providers.loopback import reply, serving
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.aihub.connection import AihubConnection

READ = ("Search", "WorkflowRun", "Training", "QuotaTask")


def _sent(platform: Platform, operation: str) -> list[dict[str, Any]]:
    return [entry for entry in platform.log.report() if entry["operation"] == operation]


@pytest.mark.parametrize("kind", READ)
def test_what_was_submitted_is_read_back_as_declared(connection: AihubConnection, kind: str) -> None:
    """In manifest shape, the mark taken out of the description again, nothing invented."""
    given = desired(kind)
    live = connection.handler(kind).create(given)
    found = connection.handler(kind).read(given.address, live.remote_id)  # type: ignore[attr-defined]
    shown = {field: value for field, value in SPECS[kind].items() if kind != "Training" or field != "command"}
    assert {field: found.spec[field] for field in shown} == shown
    assert found.mark == given.mark
    assert found.phase is Phase.SUCCEEDED
    assert found.outputs["id"] == live.remote_id == "1"


@pytest.mark.parametrize("kind", [*READ, "Dataset"])
def test_a_person_sees_the_mark_on_the_platform(platform: Platform, connection: AihubConnection, kind: str) -> None:
    """It stands at the end of the description, which is the only place where one could look for it."""
    given = desired(kind)
    connection.handler(kind).create(given)
    (entity,) = platform.services.store.find(Query("aihub", kind)).entities
    assert entity.body["description"].endswith(f"[{given.mark}]")
    assert Mark.strip(entity.body["description"]) == SPECS[kind].get("description", "")


@pytest.mark.parametrize("kind", READ)
def test_a_number_that_nothing_has_is_absent(connection: AihubConnection, kind: str) -> None:
    """Not an error: memory knows of it, the platform does not."""
    assert connection.handler(kind).read(at(kind, "x"), "99") is None  # type: ignore[attr-defined]


def test_a_failed_search_ends_failed(connection: AihubConnection) -> None:
    """The sample of the platform's document would look for ever: here it is over, and the reason is told."""
    given = desired("Search", sql="select missing from nowhere")
    live = connection.handler("Search").create(given)
    found = connection.handler("Search").read(given.address, live.remote_id)  # type: ignore[attr-defined]
    assert found.phase is Phase.FAILED
    assert found.phase.ended
    assert "nowhere" in found.detail
    assert "result_url" not in found.outputs
    with pytest.raises(Refused, match="nowhere"):
        connection.handler("Search").results(given.address, live.remote_id)  # type: ignore[attr-defined]


def test_the_result_of_a_search_is_downloaded_without_credentials(
    platform: Platform, connection: AihubConnection
) -> None:
    """It may lie anywhere, so no token of ours goes there."""
    given = desired("Search")
    live = connection.handler("Search").create(given)
    found = connection.handler("Search").results(given.address, live.remote_id)  # type: ignore[attr-defined]
    assert found.content.splitlines()[0] == b"object_name"
    assert len(found.content.splitlines()) > 10
    (download,) = _sent(platform, "downloadSearch")
    assert not {"authorization", "token"} & {name.lower() for name, _ in download["headers"].items()}


def test_names_become_ids_before_anything_is_sent(platform: Platform, connection: AihubConnection) -> None:
    """Clusters and storages by the platform's lists, projects by the target; an id stays an id."""
    given = desired("Training", storage_ids=["data1", "2"], project_id="speech", virtual_cluster_id="vc-4090-debug")
    connection.handler("Training").create(given)
    (entity,) = platform.services.store.find(Query("aihub", "Training")).entities
    sent = {field: entity.body[field] for field in ("storage_ids", "project_id", "virtual_cluster_id")}
    assert sent == {"storage_ids": [1, 2], "project_id": 2, "virtual_cluster_id": 2}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("virtual_cluster_id", "vc-none", "no cluster called 'vc-none'"),
        ("storage_ids", ["none"], "no storage called 'none'"),
        ("project_id", "none", "no project called 'none'"),
    ],
)
def test_a_name_that_nothing_has_sends_nothing(
    platform: Platform, connection: AihubConnection, field: str, value: Any, said: str
) -> None:
    """The create is not sent, and the hint says what there is or where to look."""
    with pytest.raises(NotFound, match=said):
        connection.handler("Training").create(desired("Training", **{field: value}))
    assert _sent(platform, "createTraining") == []


def test_stopping_looks_first(platform: Platform, connection: AihubConnection) -> None:
    """What the platform says of one that has ended is not known: it is not asked. What runs is stopped, and told."""
    endless = [{"key": "SIMULATED_SECONDS", "value": "inf"}]
    for kind in ("Training", "QuotaTask"):
        handler: Any = connection.handler(kind)
        over, running = handler.create(desired(kind)), handler.create(desired(kind, name="long", envs=endless))
        handler.stop(at(kind, "t"), over.remote_id)
        handler.stop(at(kind, "long"), running.remote_id)
        handler.stop(at(kind, "gone"), "99")
        found = handler.read(at(kind, "long"), running.remote_id)
        assert found.phase is Phase.CANCELLED
        assert found.detail == f"stopped by {ACCOUNT.user}"
    assert len(_sent(platform, "stopTraining")) == len(_sent(platform, "stopQuotaTask")) == 1


def test_pods_of_every_page() -> None:
    """Also of a platform that gives fewer on a page than it was asked for."""
    pods = [{"id": number, "name": f"p{number}", "status": "Running"} for number in range(3)]
    pages = [reply(200, {"code": 0, "data": {"total": 3, "data": page}}) for page in (pods[:2], pods[2:])]
    login = reply(200, {"code": 0, "data": {"id": 1, "token": "fake-token-for-tests"}})
    with serving(login, *pages) as server:
        connection = connect(Target("a", "aihub", server.url), CREDENTIALS, QUICK)
        handler: Any = connection.handler("Training")
        assert [pod.name for pod in handler.pods(at("Training", "t"), "7")] == ["p0", "p1", "p2"]
        connection.close()
    assert [seen.path.rpartition("page_num=")[2] for seen in server.seen[1:]] == [
        "1&page_size=9999",
        "2&page_size=9999",
    ]


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_an_id_that_is_none_goes_nowhere(platform: Platform, connection: AihubConnection, kind: str, bad: str) -> None:
    """It would be a step to another place of the service."""
    handler: Any = connection.handler(kind)
    with pytest.raises(Refused, match="is no id of an object"):
        handler.read(at(kind, "x"), bad)
    assert platform.log.report() == []


def test_pods_tell_the_machine_and_the_way_in(connection: AihubConnection) -> None:
    """One per instance; SSH only where it was asked for."""
    handler: Any = connection.handler("Training")
    live = handler.create(desired("Training", enable_ssh=True))
    pods = handler.pods(at("Training", "t"), live.remote_id)
    assert [pod.status for pod in pods] == ["Succeeded", "Succeeded"]
    assert all(pod.node and pod.ip == "127.0.0.1" and "ssh" in pod.ssh for pod in pods)
    quiet = handler.create(desired("Training"))
    assert [pod.ssh for pod in handler.pods(at("Training", "t"), quiet.remote_id)] == ["", ""]


def test_the_load_of_a_cluster_is_what_a_task_on_it_tells(connection: AihubConnection) -> None:
    """Who works there now, a training beside the task included."""
    endless = [{"key": "SIMULATED_SECONDS", "value": "inf"}]
    connection.handler("Training").create(desired("Training", name="other", envs=endless))
    handler: Any = connection.handler("QuotaTask")
    live = handler.create(desired("QuotaTask", envs=endless))
    told = handler.node_tasks(at("QuotaTask", "q"), live.remote_id)
    assert sorted((task.task, task.units) for task in told) == [("other", 2), ("q", 2)]


class TestVersions:
    """Created by the id of a dataset, read by its name and a number that nobody tells."""

    @pytest.fixture(autouse=True)
    def _dataset(self, connection: AihubConnection) -> None:
        connection.handler("Dataset").create(desired("Dataset"))
        self.handler: Any = connection.handler("DatasetVersion")

    def _make(self, word: str, **more: Any) -> Any:
        spec = {"dataset_id": "1", "upload_type": 3, "upload_path": "/nothing", **more}
        return self.handler.create(desired("DatasetVersion", f"d@{word}", version=word, dataset_name="d", **spec))

    def test_the_number_is_found_and_kept(self, platform: Platform) -> None:
        """The second is told by its own number, and read by that alone from then on."""
        self._make("one")
        live = self._make("two")
        assert live.remote_id == "2/V2"
        assert live.outputs["name"] == "d/V2"
        before = len(_sent(platform, "getDatasetVersion"))
        assert self.handler.read(at("DatasetVersion", "d@two"), "2/V2").outputs["version"] == "2"
        assert len(_sent(platform, "getDatasetVersion")) == before + 1

    def test_an_upload_beside_ours_does_not_confuse(self) -> None:
        """A remembered number that belongs to another id is not believed: the id is looked for."""
        self._make("one")
        self._make("two")
        assert self.handler.read(at("DatasetVersion", "d@one"), "1/V2").outputs["version"] == "1"

    @pytest.mark.parametrize("known", ["1", "V1", "v1", "1/V1"])
    def test_a_person_may_give_the_id_or_the_number(self, known: str) -> None:
        """Whichever the console shows."""
        self._make("one")
        found = self.handler.read(at("DatasetVersion", "d@one"), known)
        assert (found.remote_id, found.outputs["id"]) == (known, "1")

    def test_everything_about_a_version_can_be_shown(self) -> None:
        """By any of its ids."""
        self._make("one")
        assert self.handler.detail(at("DatasetVersion", "d@one"), "V1")["id"] == 1
        with pytest.raises(NotFound):
            self.handler.detail(at("DatasetVersion", "d@one"), "V9")

    def test_what_is_no_version_is_refused(self) -> None:
        """With the forms there are."""
        with pytest.raises(Refused, match="no version") as caught:
            self.handler.read(at("DatasetVersion", "d@one"), "seven")
        assert "11/V3" in caught.value.hint

    def test_gaps_in_the_numbers_are_passed(self, platform: Platform) -> None:
        """Whether there are any is not known; two in a row do not hide what comes after."""
        for word in "abcd":
            self._make(word)
        store = platform.services.store
        for number in (2, 3):
            store.delete(store.get("aihub", "DatasetVersion", f"aihub-DatasetVersion-{number}"), 0.0)  # type: ignore[arg-type]
        assert self.handler.read(at("DatasetVersion", "d@d"), "4").outputs["version"] == "4"

    def test_a_parent_is_named_by_any_of_its_ids(self, platform: Platform) -> None:
        """A reference resolves to the remote id, which is more than a number."""
        self._make("one")
        self._make("two", parent_version_id="1/V1")
        self._make("three", parent_version_id="V2")
        versions = platform.services.store.find(Query("aihub", "DatasetVersion")).entities
        assert [version.body.get("parent_version_id") for version in versions] == [None, 1, 2]

    def test_a_version_that_cannot_be_made_has_failed(self) -> None:
        """With the platform's reason."""
        live = self._make("one")
        found = self.handler.read(at("DatasetVersion", "d@one"), live.remote_id)
        assert found.phase is Phase.FAILED
        assert "/nothing" in found.detail


class TestFiles:
    """Local files go out whole, under the digest that was planned, or not at all."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """A project with two files."""
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / "model.pt").write_bytes(bytes(range(256)) * 5000)
        (folder / "pred.jsonl").write_text("{}\n")
        return folder

    @staticmethod
    def named(root: Path, name: str) -> dict[str, str]:
        """A file as the loaded manifest names it."""
        return {"path": name, "sha256": hashlib.sha256((root / name).read_bytes()).hexdigest()}

    def _evaluation(self, root: Path, **more: Any) -> dict[str, Any]:
        return {
            "name": "e",
            "model_name": "net",
            "model_type": "3",
            "epoch": "10",
            "dataset_name": "g",
            "id_dataset_name": "i",
            "gallery_dataset_name": "q",
            "model_file": self.named(root, "model.pt"),
            "pred_file": self.named(root, "pred.jsonl"),
            **more,
        }

    def test_an_evaluation_is_handed_in(self, platform: Platform, root: Path) -> None:
        """Texts, our mark in the name of the model, who we are, and both files byte for byte."""
        with opened(platform, transport=replace(QUICK, root=str(root))) as connection:
            given = desired("Evaluation", **self._evaluation(root))
            live = connection.handler("Evaluation").create(given)
        (entity,) = platform.services.store.find(Query("aihub", "Evaluation")).entities
        assert (live.remote_id, live.phase) == ("1", Phase.SUCCEEDED)
        assert entity.body["model_name"] == f"net [{given.mark}]"
        assert entity.body["user_id"] == "1"
        assert entity.body["model_file"]["sha256"] == given.spec["model_file"]["sha256"]
        assert entity.body["pred_file"]["size"] == 3

    def test_an_upload_lies_under_its_digest(self, platform: Platform, root: Path) -> None:
        """So that the same content sent again is the same file once more, and nothing else."""
        spec = {"name": "u", "bucket": "b", "prefix": "p/", "file": self.named(root, "model.pt")}
        with opened(platform, transport=replace(QUICK, root=str(root))) as connection:
            lives = [connection.handler("Upload").create(desired("Upload", **spec)) for _ in range(2)]
        digest = spec["file"]["sha256"]  # type: ignore[index]
        assert {live.remote_id for live in lives} == {f"s3://b/p/{digest}/model.pt"}
        stored = platform.services.data.locate("b", f"p/{digest}/model.pt")
        assert stored.read_bytes() == (root / "model.pt").read_bytes()

    def test_a_file_that_changed_since_the_plan_is_not_sent(self, platform: Platform, root: Path) -> None:
        """What was reviewed is what is sent."""
        spec = {"name": "u", "bucket": "b", "file": self.named(root, "pred.jsonl")}
        (root / "pred.jsonl").write_text("{}\n{}\n")
        with opened(platform, transport=replace(QUICK, root=str(root))) as connection:
            with pytest.raises(Refused, match="not what was planned"):
                connection.handler("Upload").create(desired("Upload", **spec))
            (root / "pred.jsonl").unlink()
            with pytest.raises(Refused, match="nothing was sent"):
                connection.handler("Upload").create(desired("Upload", **spec))
        assert _sent(platform, "uploadFile") == []

    def test_the_relay_wants_a_token_of_its_own(self, platform: Platform, root: Path) -> None:
        """Ours for the other services never goes there."""
        spec = {"name": "u", "bucket": "b", "file": self.named(root, "pred.jsonl")}
        without = {name: value for name, value in CREDENTIALS.items() if name != "relay_token"}
        through = replace(QUICK, root=str(root))
        with (
            opened(platform, credentials=without, transport=through) as connection,
            pytest.raises(CredentialsMissing) as caught,
        ):
            connection.handler("Upload").create(desired("Upload", **spec))
        assert "AIHUB_RELAY_TOKEN" in caught.value.hint
        with opened(platform, transport=through) as connection:
            connection.handler("Upload").create(desired("Upload", **spec))
        (upload,) = _sent(platform, "uploadFile")
        assert "authorization" not in {name.lower() for name in upload["headers"]}

    def test_an_injected_token_needs_to_be_told_who_hands_in(self, platform: Platform, root: Path) -> None:
        """It does not say, and the form wants a number."""
        with opened(platform) as connection:
            token = connection._place.tokens.token()  # as a workflow node gets it
        injected = {"token": token}
        through = replace(QUICK, root=str(root))
        given = desired("Evaluation", **self._evaluation(root))
        with (
            opened(platform, credentials=injected, transport=through) as connection,
            pytest.raises(Refused, match="which user"),
        ):
            connection.handler("Evaluation").create(given)
        told = replace(TARGET, settings={**TARGET.settings, "user_id": "1"})
        with opened(platform, target=told, credentials=injected, transport=through) as connection:
            assert connection.handler("Evaluation").create(given).remote_id == "1"


@pytest.mark.parametrize("kind", READ)
def test_everything_the_platform_tells_can_be_shown(connection: AihubConnection, kind: str) -> None:
    """But for the values of variables: the platform shows them to whoever reads, and we to nobody."""
    given = desired(kind)
    live = connection.handler(kind).create(given)
    told = connection.handler(kind).detail(given.address, live.remote_id)  # type: ignore[attr-defined]
    assert told["id"] == 1
    assert told["name"] == given.spec["name"]
    if "envs" in given.spec:
        assert told["envs"] == [{"key": "MODE", "value": "***"}]
    with pytest.raises(NotFound):
        connection.handler(kind).detail(given.address, "99")  # type: ignore[attr-defined]


def test_runs_are_read_by_the_method_that_the_target_says(tmp_path: Path) -> None:
    """GET unless told otherwise: the document's POST is read only where somebody has tried it."""
    for setting, operation in (("", "getRunByGet"), ("POST", "getRun")):
        folder = tmp_path / (setting or "GET")
        folder.mkdir()
        target = replace(TARGET, settings={**TARGET.settings, "run_read": setting})
        with local_platform(folder) as platform, opened(platform, target=target) as connection:
            handler: Any = connection.handler("WorkflowRun")
            live = handler.create(desired("WorkflowRun"))
            assert handler.read(at("WorkflowRun", "r"), live.remote_id).phase is Phase.SUCCEEDED
            assert [part.name for part in handler.parts(at("WorkflowRun", "r"), live.remote_id)] == ["greet"]
            assert {entry["operation"] for entry in platform.log.report() if "/runs/1" in entry["path"]} == {operation}
