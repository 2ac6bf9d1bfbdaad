"""Trainings and quota tasks: create, read, pods, stop (platform contract, 5.4). One shape, two services."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Route
from reconciler.localplatform.platforms.aihub_account import CLUSTER, PROJECT, STORAGE
from reconciler.localplatform.platforms.aihub_bodies import (
    asked,
    at_least,
    listed,
    name,
    one_of,
    record,
    taken,
    text,
    truth,
    whole,
)
from reconciler.localplatform.platforms.aihub_scheduler import OVER, WAITING, advance, stop
from reconciler.localplatform.platforms.aihub_training_views import pods_of, shown
from reconciler.localplatform.platforms.aihub_words import (
    QUOTA_TASK,
    TAKEN,
    TRAINING,
    WRONG,
    by_number,
    fine,
    found,
    insert,
    no,
)
from reconciler.localplatform.platforms.aihub_work import translate
from reconciler.localplatform.store import Entity
from reconciler.localplatform.work import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.localplatform.face import Call, Reply

_MOST_INSTANCES, _MOST_UNITS, _MOST_PAGE = 64, 10_000, 9999
_COMMON: dict[str, Callable[[Any], Any]] = {
    "framework": one_of("MpiJob", "PyTorchJob"),
    "name": name,
    "description": text,
    "command": name,
    "image": name,
    "virtual_cluster_id": whole,
    "sku_cnt": at_least(0, _MOST_UNITS),
    "enable_ssh": truth,
    "envs": listed(record({"key": text, "value": text})),
    "storage_ids": listed(whole),
    "instances": at_least(1, _MOST_INSTANCES),
    "use_ib_network": truth,
    "always_pull_image": truth,
    "shm": at_least(0),
    "category_id": one_of(1, 2, 3, 4),
    "project_id": whole,
    "estimate_run_time": at_least(0),
}
_NEEDED = (
    "framework",
    "name",
    "command",
    "image",
    "virtual_cluster_id",
    "sku_cnt",
    "instances",
    "category_id",
    "project_id",
)


@dataclass(frozen=True, slots=True)
class Service:
    """One of the two services: where it answers, what it makes, and what it takes besides the common fields."""

    root: str
    kind: str
    word: str
    fields: dict[str, Callable[[Any], Any]]
    needed: tuple[str, ...]

    def create(self, call: Call) -> Reply:
        """Takes one; it starts when its cluster has room."""
        body = taken(call, self.fields, self.needed)
        by_number(call, CLUSTER, body["virtual_cluster_id"], "virtual cluster")
        by_number(call, PROJECT, body["project_id"], "project")
        for storage in body.get("storage_ids") or ():
            by_number(call, STORAGE, storage, "storage")
        body["storage_ids"] = sorted(set(body.get("storage_ids") or ()))
        self._try(call, body)
        made = insert(call, self.kind, body["name"], {**body, "state": WAITING})
        advance(call.services, call.now)
        return fine({"id": made.body["id"]})

    def read(self, call: Call) -> Reply:
        """One as it is now."""
        return fine(shown(call, self._found(call)))

    def pods(self, call: Call) -> Reply:
        """A page of its pods; of one that has not started yet there are none."""
        size = asked(call, "page_size", at_least(1), _MOST_PAGE)
        number = asked(call, "page_num", at_least(1), 1)
        rows = pods_of(call, self._found(call), platform.node() or "local")
        page = rows[(number - 1) * size : number * size]
        return fine({"total": len(rows), "page_size": size, "page_num": number, "data": page})

    def stop(self, call: Call) -> Reply:
        """Ends one. What the platform says of one that has ended already is not known; this one refuses."""
        entity = self._found(call)
        if entity.body["state"] == OVER:
            raise no(call, TAKEN, f"the {self.word} has ended")
        stop(call.services, entity, call.now)
        advance(call.services, call.now)
        return fine()

    def routes(self, operation: str) -> tuple[Route, ...]:
        """Its four operations, by the names of the contract."""
        one = f"{self.root}/<id>"
        return (
            Route("POST", self.root, f"create{operation}", self.create),
            Route("GET", one, f"get{operation}", self.read),
            Route("GET", f"{one}/pods", f"list{operation}Pods", self.pods),
            Route("POST", f"{one}/stop", f"stop{operation}", self.stop),
        )

    def _found(self, call: Call) -> Entity:
        advance(call.services, call.now)
        return found(call, self.kind, self.word)

    def _try(self, call: Call, body: dict[str, Any]) -> None:
        """Refuses what no engine could run: a variable without a name, a null character. Raises Refusal."""
        if wrong := problems(translate(call.services, Entity("", self.kind, "", "try", body["name"], body))):
            raise no(call, WRONG, wrong[0])


_TRAININGS = Service(
    "/model-training-platform/api/v1/trainings",
    TRAINING,
    "training",
    {**_COMMON, "is_vip": truth, "preempt_policy": one_of(1, 2), "vip_node_names": listed(text)},
    _NEEDED,
)
_QUOTA_TASKS = Service(
    "/quota-schedule-management/api/v1/tasks",
    QUOTA_TASK,
    "task",
    {**_COMMON, "priority": one_of(1, 2)},
    ("priority", *_NEEDED),
)
ROUTES = (*_TRAININGS.routes("Training"), *_QUOTA_TASKS.routes("QuotaTask"))
