"""Runs of pipelines (contract, 5.3). The platform knows a status for a run that was ended, and no call to end one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound
from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import STATUSES, body_of, live_of, shown, utc
from reconciler.providers.exchange import Call, segment
from reconciler.providers.protocol import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place

_PATH = "/workflow-center/api/v1/runs"
_IDS = ("pipeline_id", "pipeline_version_id")
_FIELDS = ("name", "params")


class WorkflowRun:
    """The handler of the kind `WorkflowRun`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Starts the run, once."""
        body = body_of(desired.spec, desired.mark, numbers=_IDS)
        call = Call(f"start run {desired.address.name}", "POST", _PATH, body=body)
        remote_id = self._place.create(Service.WORKFLOWS, call)
        return Live(desired.address, remote_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The run, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        ids = {field: str(row[field]) for field in _IDS if row.get(field)}
        failed = [node for node in _nodes(row.get("task_nodes")) if node.get("message")]
        live = live_of(address, remote_id, row, {**shown(row, _FIELDS), **ids})
        return replace(
            live,
            status="terminated" if live.phase is Phase.CANCELLED else live.status,
            detail="; ".join(f"{_name(node, 0)}: {node['message']}" for node in failed[:3]),
            outputs={**live.outputs, **({"succeeded": remote_id} if live.phase is Phase.SUCCEEDED else {})},
        )

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """The nodes of the pipeline, in the order of the platform."""
        nodes = list(_nodes(self._row(address, remote_id).get("task_nodes")))
        return tuple(
            Part(
                name=_name(node, index),
                index=0,
                status=STATUSES.get(node.get("status", 0), (str(node.get("status", "")), Phase.UNKNOWN))[0],
                started=utc(node.get("started_at")),
                finished=utc(node.get("finished_at")),
                detail=str(node.get("message") or node.get("pod_name") or ""),
            )
            for index, node in enumerate(nodes)
        )

    def detail(self, address: Address, remote_id: str) -> Spec:
        """Everything the platform tells. Raises NotFound."""
        return self._row(address, remote_id)

    def _row(self, address: Address, remote_id: str) -> dict[str, Any]:
        return self._place.read_run(f"read run {address.name}", f"{_PATH}/{segment(remote_id)}")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Every node of the tree. Its first members are lost in the document, so children are looked for in every list."""
    for node in tree if isinstance(tree, list) else ():
        if isinstance(node, dict) and ("status" in node or "pod_name" in node):
            yield node
            for member, value in node.items():
                if member != "dependencies":
                    yield from _nodes(value)


def _name(node: dict[str, Any], index: int) -> str:
    named = (str(node.get(member) or "") for member in ("name", "node_name", "task_name", "pod_name"))
    return next((name for name in named if name), f"node-{index}")
