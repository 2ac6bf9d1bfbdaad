"""The local platform against the machine-readable contract of AIHub: every operation, with whatever the contract allows
and with much that it does not.

The contract documents one answer, HTTP 200, for everything: what went wrong stands in `code`. So no request that the
contract describes may be answered in any other way, and every answer has the shape that it describes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

schemathesis = pytest.importorskip("schemathesis")

import requests  # noqa: E402 - after the skip
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis.checks import CHECKS, load_all_checks  # noqa: E402

from tests.support.local_platform import ACCOUNT, local_platform  # noqa: E402
from tests.support.wsgi_adapter import WsgiAdapter  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACT = json.loads((Path(__file__).parents[1] / "data" / "aihub" / "openapi.json").read_text(encoding="utf-8"))
URL = "http://platform.test"
SCHEMA = schemathesis.openapi.from_dict(CONTRACT)
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}
CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
_ASKED = {"name": "one", "type": 1, "sql": "select object_name from meta"}
_WORK = {
    "framework": "MpiJob",
    "name": "one",
    "command": "true",
    "image": "img:1",
    "virtual_cluster_id": 1,
    "sku_cnt": 1,
    "instances": 2,
    "category_id": 1,
    "project_id": 1,
    "storage_ids": [1],
}
FIRST = [
    ("/data-warehouse/api/v1/searches", _ASKED),
    ("/data-warehouse/api/v1/searches", {**_ASKED, "sql": "select nothing"}),
    (
        "/data-warehouse/api/v1/searches",
        {"name": "two", "type": 3, "feature_lib_id": 1, "keywords": "car", "top_k": 3},
    ),
    ("/dataset-mng/api/v2/datasets", {"name": "faces"}),
    ("/dataset-mng/api/v2/dataset-versions-upload", {"upload_type": 3, "upload_path": "/none", "dataset_id": 1}),
    ("/workflow-center/api/v1/runs", {"name": "hello", "pipeline_id": 2, "pipeline_version_id": 3}),
    ("/model-training-platform/api/v1/trainings", _WORK),
    ("/quota-schedule-management/api/v1/tasks", {**_WORK, "priority": 2}),
]
"""What is there before: number 1 of every kind, so that calls by number find something."""


class Client:
    """Sends what is generated to a platform in this process."""

    def __init__(self, application: Any) -> None:
        self.http = requests.Session()
        self.http.mount("http://", WsgiAdapter(application))
        login = {"username": ACCOUNT.access_key, "password": ACCOUNT.secret_key}
        token = self.http.post(f"{URL}/api/v1/auth/login", json=login).json()["data"]["token"]
        self.headers = {"Authorization": f"Bearer {token}", "Token": ACCOUNT.secret_key}
        for path, body in FIRST:
            assert self.http.post(f"{URL}{path}", json=body, headers=self.headers).json()["code"] == 0, path

    def send(self, case: Any) -> Any:
        """The answer to one generated call, as somebody who is signed in."""
        case.headers.pop("Authorization", None)
        case.headers.pop("Token", None)
        return case.call(base_url=URL, session=self.http, headers=self.headers)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A platform with one object of each kind."""
    with local_platform(tmp_path) as platform:
        yield Client(platform.application)


def _checked(case: Any, client: Client) -> int:
    """The code of the answer, which is one that the contract describes."""
    load_all_checks()
    answer = client.send(case)
    case.validate_response(answer, checks=CHECKS.get_by_names(CHECKED))
    return int(answer.json()["code"])


def _held(operation: Any, mode: Any, client: Client, most: int) -> list[int]:
    """Holds the law for `most` calls; the codes that came."""
    codes: list[int] = []

    def law(case: Any) -> None:
        codes.append(_checked(case, client))

    quick = settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    quick(given(case=operation.as_strategy(generation_mode=mode))(law))()
    return codes


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_what_the_contract_allows_is_answered_as_it_says(label: str, client: Client) -> None:
    """Whatever fits the contract is answered with 200 and the shape that the contract describes."""
    assert _held(OPERATIONS[label], schemathesis.GenerationMode.POSITIVE, client, 12)


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_what_the_contract_forbids_is_answered_too(label: str, client: Client) -> None:
    """What does not fit is told in an envelope as well, never with a breakdown."""
    assert _held(OPERATIONS[label], schemathesis.GenerationMode.NEGATIVE, client, 8)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("label", [label for label in sorted(OPERATIONS) if "{id}" in label and "stop" not in label])
def test_what_is_there_is_shown_as_the_contract_says(label: str, number: int, client: Client) -> None:
    """Real objects, ended well or badly, have the shape of the contract too; a number that nothing has is refused."""
    case = OPERATIONS[label].Case(path_parameters={"id": str(number)})
    there = number == 1 or "searches" in label
    assert _checked(case, client) == (0 if there else 404)


def test_every_operation_of_the_contract_is_there() -> None:
    """All twenty; the laws above are held against each."""
    assert len(OPERATIONS) == 20
