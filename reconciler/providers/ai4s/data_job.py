"""Data jobs (ai4s contract, section 10): copies within a space, from another one, or from the network.

A data job can carry no mark, its name is the platform's, and nothing tells which call made it: where the answer to a
create is lost, only a person can say whether it happened. Deletions of data are data jobs as well; those are shown,
and never made from a file.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.ai4s.filters import ORDERS, Filters
from reconciler.providers.ai4s.times import utc
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.paging import Page, every_item
from reconciler.providers.protocol import LogLine, RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place

CLONE, IMPORT, NETWORK, DELETE = "CLONE_DATA", "IMPORT_DATA", "IMPORT_NETWORK_DATA", "DELETE_DATA"
_CALLS = {CLONE: "clone", IMPORT: "import", NETWORK: "import-from-network"}
_COPY = ("sub_paths", "target_folder", "overwrite")
_SENT = {CLONE: _COPY, IMPORT: _COPY, NETWORK: ("urls", "md5s", "target_folder")}
_MOST_A_PAGE = 1000
_PHASES = {
    "running": Phase.RUNNING,
    "succeed": Phase.SUCCEEDED,
    "succeeded": Phase.SUCCEEDED,
    "failed": Phase.FAILED,
    "cancelling": Phase.STOPPING,
    "cancelled": Phase.CANCELLED,
    "pending": Phase.PENDING,
}
FILTERS = Filters(
    texts={
        "name": "name", "type": "type", "status": "status", "user": "creator", "sort": "sort_key", "order": "sort_dir",
    },
    times={
        "created-after": "from_time",
        "created-before": "to_time",
        "finished-after": "finish_from_time",
        "finished-before": "finish_to_time",
    },
    choices={
        "type": (CLONE, DELETE, IMPORT, NETWORK),
        "sort": ("status", "name", "type", "creator", "create_time", "end_time"),
        "order": ORDERS,
    },
)  # fmt: skip
"""What `browse` filters by. A status is passed on as it is written: the platform spells it in several ways."""


class DataJob:
    """The handler of the kind `DataJob`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Starts the copy, once."""
        address, spec = desired.address, desired.spec
        body = {name: spec[name] for name in _SENT[spec["type"]] if spec.get(name) is not None}
        if spec["type"] == IMPORT:
            body["source_project_id"] = self._place.space_id(spec["source_space"])
        path = self._place.path(address.scope, "datas", _CALLS[spec["type"]])
        remote_id = self._place.created(Call(f"start data job {address.name}", "POST", path, body=body))
        return Live(address, remote_id, {}, Phase.PENDING, outputs=_outputs(address, spec["target_folder"]))

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The record, or None when the platform has none."""
        shown = self._place.shown(self._reading(address, remote_id))
        return None if shown is None else _live(address, shown)

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Cancels it. One that has ended, or is gone, is no error."""
        path = self._path(address, remote_id, "cancel")
        try:
            self._place.call(Call(f"cancel data job {address.name}", "POST", path, effect=Effect.REPEATABLE))
        except NotFound:
            return
        except Refused:
            live = self.read(address, remote_id)
            if live is not None and not live.phase.ended:
                raise

    def retry(self, address: Address, remote_id: str) -> None:
        """Runs a failed one again, under the same id. Sent once."""
        self._place.call(Call(f"retry data job {address.name}", "POST", self._path(address, remote_id, "retry")))

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes the record; what was copied stays."""
        self._place.removed(Call(f"delete data job {address.name}", "DELETE", self._path(address, remote_id)))

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:  # noqa: ARG002 - a data job has no parts
        """What has been copied so far, a line each: the platform keeps no other output of a data job."""
        shown = self._shown(address, remote_id)
        at = utc(shown.get("end_time"))
        lines = [LogLine(f"copied {path}", at) for path in shown.get("complete_data") or ()]
        lines += [LogLine(f"copying {path}") for path in shown.get("running_data") or ()]
        if shown.get("failed_reason"):
            lines.append(LogLine(f"failed: {shown['failed_reason']}", at))
        return iter(lines)

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows, newest first unless sorted otherwise; the filters are those of `FILTERS`. Raises UsageError."""
        return self.browse_from(scope, filters, limit, 0)

    def browse_from(self, scope: str, filters: Mapping[str, str], limit: int, offset: int) -> Iterator[RunSummary]:
        """The same without the first `offset` rows."""
        query, path = FILTERS.query(filters), self._place.path(scope, "data-jobs")
        size = max(1, min(limit, _MOST_A_PAGE))

        def fetch(offset: int) -> Page:
            paged = {**query, "limit": str(size), "offset": str(offset)}
            return Page(self._place.items(Call(f"list data jobs of {scope}", "GET", path, query=paged), "data_jobs"))

        rows = islice(every_item(fetch, key=lambda row: str(row["id"]), start=offset), max(limit, 0))
        return (_summary(row) for row in rows)

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """Everything that the platform tells of it, in its own words."""
        return self._shown(address, remote_id)

    def summary(self, address: Address, remote_id: str) -> RunSummary:
        """Its row, whatever the list has forgotten."""
        return _summary(self._shown(address, remote_id))

    def _shown(self, address: Address, remote_id: str) -> dict[str, Any]:
        shown = self._place.shown(self._reading(address, remote_id))
        if shown is None:
            msg = f"{self._place.target}: there is no data job {remote_id}"
            raise NotFound(msg)
        return shown

    def _reading(self, address: Address, remote_id: str) -> Call:
        return Call(f"read data job {address.name}", "GET", self._path(address, remote_id))

    def _path(self, address: Address, remote_id: str, *parts: str) -> str:
        return self._place.path(address.scope, "data-jobs", remote_id, *parts)


def _live(address: Address, shown: Mapping[str, Any]) -> Live:
    status = str(shown.get("status") or "")
    spec: dict[str, Any] = {"name": address.name}
    if shown.get("type"):
        spec["type"] = shown["type"]
    if shown.get("type") in {CLONE, IMPORT} and shown.get("sources"):
        spec["sub_paths"] = list(shown["sources"])
    if shown.get("destinations"):
        spec["target_folder"] = str(shown["destinations"][0])
    outputs = _outputs(address, spec["target_folder"]) if "target_folder" in spec else {}
    return Live(
        address=address,
        remote_id=str(shown["id"]),
        spec=spec,
        phase=_PHASES.get(status.lower(), Phase.UNKNOWN),
        status=status,
        detail=str(shown.get("failed_reason") or ""),
        outputs=outputs,
        started=utc(shown.get("create_time")),
    )


def _outputs(address: Address, folder: str) -> dict[str, str]:
    """Where the data goes, in full: the platform and people write it with and without the space."""
    place = folder if ":" in folder else f"{address.scope}:{folder}"
    return {"folder": place.rstrip("/")}


def _summary(row: Mapping[str, Any]) -> RunSummary:
    return RunSummary(
        remote_id=str(row["id"]),
        name=str(row.get("name") or ""),
        status=str(row.get("status") or ""),
        created=utc(row.get("create_time")),
        finished=utc(row.get("end_time")),
        user=str(row.get("creator") or ""),
        detail=" ".join(str(row[key]) for key in ("type", "failed_reason") if row.get(key)),
        facts=(("type", str(row.get("type") or "")), ("reason", str(row.get("failed_reason") or ""))),
    )
