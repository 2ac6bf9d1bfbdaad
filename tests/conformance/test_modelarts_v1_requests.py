"""Our client of the legacy API sends what a client that still covers it was recorded to send, and the vendor documents;
our local platform serves every one of those calls.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.modelarts import FACE
from tests.providers.modelarts.opened import KEYS, config_v1, desired, job_v1, opened
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform

RECORDED = json.loads((Path(__file__).parents[1] / "data/modelarts/client_requests.json").read_text(encoding="utf-8"))
V1 = [*RECORDED["v1"], *RECORDED["v1_documented_only"]]
_IDS = {
    r"training-jobs/\d+/versions/\d+": "training-jobs/{job_id}/versions/{version_id}",
    r"training-jobs/\d+": "training-jobs/{job_id}",
    r"training-job-configs/.+": "training-job-configs/{config_name}",
}


def _shape(path: str) -> str:
    path = path.replace(ACCOUNT.project_id, "{project_id}")
    for pattern, shape in _IDS.items():
        path = re.sub(pattern, shape, path)
    return path


def _everything(platform: Platform, credentials: dict[str, str]) -> list[dict[str, Any]]:
    """Does all that our handlers of v1 can, and returns what arrived."""
    with opened(platform, credentials) as connection:
        configs: Any = connection.handler("TrainingJobConfig")
        wanted = desired("TrainingJobConfig", config_v1("cfg-a"))
        configs.create(wanted)
        list(configs.list("-"))
        configs.read(wanted.address, "cfg-a")
        configs.update("cfg-a", wanted)
        configs.delete(wanted.address, "cfg-a")
        jobs: Any = connection.handler("TrainingJob")
        wanted = desired("TrainingJob", job_v1("a"))
        made = jobs.create(wanted)
        again = jobs.create(desired("TrainingJob", job_v1("a", worker_server_num=2), attempt=2))
        jobs.update(again.remote_id, desired("TrainingJob", job_v1("a"), attempt=2))
        jobs.find(wanted.address, wanted.mark)
        for run in (made, again):
            jobs.stop(wanted.address, run.remote_id)
            jobs.read(wanted.address, run.remote_id)
            list(jobs.logs(wanted.address, run.remote_id))
        list(jobs.browse("-", {"status": "killed"}, 10))
        for run in (again, made):
            jobs.delete(wanted.address, run.remote_id)
    return [entry for entry in platform.log.report() if "/v3/" not in entry["path"]]


def test_our_client_sends_what_was_recorded(tmp_path: Path) -> None:
    """Every request of ours is known: method, path, keys of the query, members of the body, inside of `config` too."""
    known: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in V1:
        known.setdefault((entry["method"], entry["path_template"]), []).append(entry)
    # Documented and not among the recorded ones: what an image of one's own needs.
    image = {"user_image_url", "user_command"}
    with local_platform(tmp_path) as platform:
        arrived = _everything(platform, KEYS)
    for sent in arrived:
        recorded = known[sent["method"], _shape(sent["path"])]
        keys = {pair.split("=")[0] for pair in sent["query"].split("&") if pair}
        assert keys <= {key for entry in recorded for key in entry["query_keys"]} | {"config_type"}, sent
        body = json.loads(sent["body"]) if sent["body"] else {}
        assert set(body) <= {key for entry in recorded for key in entry["body"] or {}}, sent
        inside = {key for entry in recorded for key in (entry["body"] or {}).get("config", {})}
        assert set(body.get("config", {})) <= inside | image, sent
    assert {entry["status"] for entry in arrived} == {200}


def test_a_token_works_as_well_as_a_key(tmp_path: Path) -> None:
    """The client that was recorded signs in with a token; so can ours, by password."""
    user = {"domain_name": ACCOUNT.domain, "user_name": ACCOUNT.user, "password": ACCOUNT.password}
    with local_platform(tmp_path) as platform:
        arrived = _everything(platform, user)
        assert {entry["status"] for entry in arrived} == {200}
        assert all("X-Auth-Token" in entry["headers"] or "x-auth-token" in entry["headers"] for entry in arrived)


def test_every_recorded_call_is_served() -> None:
    """Each has a route, under method and path."""
    served = {(route.method, re.sub(r"<[^>]+>", "{}", route.path)) for route in FACE.routes}
    for entry in V1:
        assert (entry["method"], re.sub(r"\{[^}]+\}", "{}", entry["path_template"])) in served, entry["operation"]


def test_the_recorded_calls_replay(tmp_path: Path) -> None:
    """What the recorded client sent is taken: bodies as they were, ids of what is there."""
    from tests.localplatform.client import Client

    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        ids = {"job_id": "1", "version_id": "2", "config_name": "cfg-a", "project_id": ACCOUNT.project_id}
        order = ("create_config", "create_training_job", "create_training_job_version")
        first = [entry for name in order for entry in V1 if entry["operation"] == name]
        rest = [
            e for e in V1 if e["operation"] not in order and e["method"] != "DELETE" and "log" not in e["operation"]
        ]
        for entry in (*first, *rest):
            path = re.sub(r"\{([^}]+)\}", lambda match: ids[match[1]], entry["path_template"])
            body = entry["body"]
            if body and "pre_version_id" in body.get("config", {}):
                body = {**body, "config": {**body["config"], "pre_version_id": 2}}
            answer = client.call(entry["method"], path, body, params=entry.get("query"))
            if entry["operation"] == "stop_training_job_version":
                continue  # its work is over at once
            assert answer.json()["is_success"] is True, (entry["operation"], answer.text)
