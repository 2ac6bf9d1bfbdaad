"""A caller of the platform that shares nothing with the product's clients."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

BASE = "http://platform.test"
TRAININGS = "/model-training-platform/api/v1/trainings"
TASKS = "/quota-schedule-management/api/v1/tasks"
SEARCHES = "/data-warehouse/api/v1/searches"
RUNS = "/workflow-center/api/v1/runs"
VERSIONS = "/dataset-mng/api/v2/dataset-versions-upload"
PATIENCE = 30.0
WORK: dict[str, Any] = {
    "framework": "MpiJob",
    "name": "one",
    "command": "true",
    "image": "img:1",
    "virtual_cluster_id": 1,
    "sku_cnt": 1,
    "instances": 1,
    "category_id": 1,
    "project_id": 1,
}
ENDLESS = [{"key": "SIMULATED_SECONDS", "value": "inf"}]


@dataclass
class Caller:
    """Signs in at once, and unpacks envelopes."""

    session: requests.Session
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        login = {"username": ACCOUNT.access_key, "password": ACCOUNT.secret_key}
        self.headers = {"Authorization": f"Bearer {self.data('POST', '/api/v1/auth/login', login)['token']}"}

    def raw(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """The whole answer."""
        return self.session.request(method, BASE + path, json=body, headers=self.headers, **more)

    def data(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """`data` of a success."""
        answer = self.raw(method, path, body, **more)
        assert (answer.status_code, answer.json()["code"]) == (200, 0), answer.text
        return answer.json().get("data")

    def no(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Code and text of a refusal, which comes inside a 200."""
        answer = self.raw(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["code"], answer.json()["msg"]

    def work(self, path: str, **changes: Any) -> int:
        """A training, or a quota task of low priority; its number."""
        priority = {"priority": 1} if path == TASKS else {}
        number: int = self.data("POST", path, {**WORK, **priority, **changes})["id"]
        return number

    def status(self, path: str, number: int) -> int:
        """The number of its status."""
        found: int = self.data("GET", f"{path}/{number}")["status"]
        return found

    def until(self, look: Callable[[], bool]) -> None:
        """Looks until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < deadline
            time.sleep(0.05)
