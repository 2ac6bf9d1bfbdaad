"""Trainings and quota tasks (contract, 5.4): one shape, two services. These can be stopped, and have pods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Live, Phase
from reconciler.model.secret import REDACTED
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import body_of, live_of, shown, utc
from reconciler.providers.containers import NodeTask, Pod
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, segment
from reconciler.providers.paging import Page, every_page
from reconciler.providers.protocol import Part

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.names import Names
    from reconciler.providers.aihub.place import Place

_FIELDS = ("name", "framework", "image", "sku_cnt", "instances", "envs", "shm", "estimate_run_time")
_TRUTHS = ("enable_ssh", "use_ib_network", "always_pull_image")
_PAGE = 9999
"""What the document itself asks for: all of them."""


class Work:
    """What the handlers of both kinds have in common."""

    service: ClassVar[Service]
    path: ClassVar[str]
    word: ClassVar[str]

    def __init__(self, place: Place, names: Names) -> None:
        self._place = place
        self._names = names

    def create(self, desired: Desired) -> Live:
        """Submits it, once. Names of clusters, storages and projects become ids before that."""
        body = body_of(desired.spec, desired.mark)
        with before_sending():
            body["virtual_cluster_id"] = self._names.cluster(body["virtual_cluster_id"])
            body["project_id"] = self._names.project(body["project_id"])
            if "storage_ids" in body:
                body["storage_ids"] = [self._names.storage(each) for each in body["storage_ids"]]
        call = Call(f"submit {self.word} {desired.address.name}", "POST", self.path, body=body)
        remote_id = self._place.create(self.service, call)
        return Live(desired.address, remote_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """It as it is now, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        live = live_of(address, remote_id, row, self._spec(row))
        ended = {"succeeded": remote_id} if live.phase is Phase.SUCCEEDED else {}
        told = {name: str(row[name]) for name in ("namespace", "res_name") if row.get(name)}
        return replace(
            live,
            detail=_stopped_by(row) if live.phase in {Phase.CANCELLED, Phase.STOPPING} else "",
            outputs={**live.outputs, **told, **ended},
        )

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Asks for its end. What the platform says of one that has ended is not known, so that is looked at first; one
        that is gone is no error.
        """
        if self._is_over(address, remote_id):
            return
        call = Call(f"stop {self.word} {address.name}", "POST", f"{self.path}/{segment(remote_id)}/stop")
        try:
            self._place.call(self.service, call)
        except Refused:
            if not self._is_over(address, remote_id):
                raise

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """The instances, in the order of the platform."""
        return tuple(
            Part("worker", index, pod.status, pod.started, pod.finished, pod.node)
            for index, pod in enumerate(self.pods(address, remote_id))
        )

    def pods(self, address: Address, remote_id: str) -> tuple[Pod, ...]:
        """Its pods with the machines they are on and the way in, where one is open."""
        operation = f"list pods of {self.word} {address.name}"

        path = f"{self.path}/{segment(remote_id)}/pods"

        def fetch(number: int) -> Page:
            query = {"page_size": str(_PAGE), "page_num": str(number + 1)}
            rows, total = self._place.page(self.service, operation, path, query)
            return Page(rows, total)

        return tuple(_pod(row) for row in every_page(fetch, key=lambda row: str(row.get("id") or row.get("name"))))

    def detail(self, address: Address, remote_id: str) -> Spec:
        """Everything the platform tells, but for the values of variables, which may be secrets. Raises NotFound."""
        row = self._row(address, remote_id)
        masked = [{**each, "value": REDACTED} for each in row.get("envs") or ()]
        return {**row, "envs": masked} if masked else row

    def _spec(self, row: dict[str, Any]) -> dict[str, Any]:
        """As a manifest says it: objects back to names, which mean the same in every environment, or to ids."""
        spec = {**shown(row, _FIELDS), **{field: row[field] for field in _TRUTHS if isinstance(row.get(field), bool)}}
        cluster, project, category = (_object(row, field) for field in ("virtual_cluster", "project", "category"))
        spec["virtual_cluster_id"] = str(cluster.get("name") or cluster.get("id") or "")
        spec["project_id"] = self._project(project)
        spec["category_id"] = category.get("id")
        if storages := row.get("storages"):
            spec["storage_ids"] = [str(each.get("name") or each.get("id")) for each in storages]
        return {field: value for field, value in spec.items() if value not in (None, "")}

    def _project(self, project: dict[str, Any]) -> str:
        """Its name where the target gives that very name the same id: else nobody could read it back."""
        name, number = str(project.get("name") or ""), project.get("id")
        return name if self._names.projects().get(name) == number else str(number or "")

    def _is_over(self, address: Address, remote_id: str) -> bool:
        live = self.read(address, remote_id)
        return live is None or live.phase.ended

    def _row(self, address: Address, remote_id: str) -> dict[str, Any]:
        return self._place.read(self.service, f"read {self.word} {address.name}", f"{self.path}/{segment(remote_id)}")


class Training(Work):
    """The handler of the kind `Training`."""

    service = Service.TRAINING
    path = "/model-training-platform/api/v1/trainings"
    word = "training"

    def _spec(self, row: dict[str, Any]) -> dict[str, Any]:
        spec = super()._spec(row)
        if row.get("is_vip"):
            spec |= {"is_vip": True, **shown(row, ("vip_node_names",))}
            spec |= {"preempt_policy": row["preempt_policy"]} if row.get("preempt_policy") else {}
        return spec


class QuotaTask(Work):
    """The handler of the kind `QuotaTask`."""

    service = Service.QUOTA
    path = "/quota-schedule-management/api/v1/tasks"
    word = "quota task"

    def node_tasks(self, address: Address, remote_id: str) -> tuple[NodeTask, ...]:
        """Who works on the nodes of its cluster now: the only place where the platform tells the load of one."""
        cluster = _object(self._row(address, remote_id), "virtual_cluster")
        return tuple(
            NodeTask(
                cluster=str(cluster.get("name") or ""),
                node=str(node.get("node_name") or ""),
                ip=str(node.get("node_ip") or ""),
                task=str(task.get("name") or ""),
                units=int(task.get("sku_cnt") or 0),
                user=str(task.get("username") or ""),
                note=", ".join(str(task[field]) for field in ("category_name", "project_name") if task.get(field)),
                seconds=int(task.get("actual_run_time") or 0),
            )
            for node in cluster.get("node_tasks") or ()
            for task in node.get("tasks") or ()
        )

    def _spec(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**super()._spec(row), **shown(row, ("priority", "command"))}


def _object(row: dict[str, Any], field: str) -> dict[str, Any]:
    found = row.get(field)
    return found if isinstance(found, dict) else {}


def _stopped_by(row: dict[str, Any]) -> str:
    """Who stopped it: a stop that is not ours is reported, and nothing is started again because of it."""
    name = _object(row, "stop_op_user").get("name")
    return f"stopped by {name}" if name else ""


def _pod(row: dict[str, Any]) -> Pod:
    return Pod(
        name=str(row.get("name") or ""),
        status=str(row.get("status") or ""),
        node=str(row.get("node_name") or ""),
        ip=str(row.get("host_ip") or ""),
        ssh=str(row.get("ssh_info") or ""),
        ssh_port=int(row.get("ssh_port") or 0),
        started=utc(row.get("started_at")),
        finished=utc(row.get("finished_at")),
    )
