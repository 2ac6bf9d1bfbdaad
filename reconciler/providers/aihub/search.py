"""Searches in the data warehouse (contract, 5.1). They end well or badly, and nothing stops one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import body_of, live_of, shown, status_of
from reconciler.providers.containers import ResultFile
from reconciler.providers.exchange import Call, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place
    from reconciler.providers.session import Session

_PATH = "/data-warehouse/api/v1/searches"
_FIELDS = ("name", "type", "sql", "images", "keywords", "top_k")


class Search:
    """The handler of the kind `Search`."""

    def __init__(self, place: Place, fetch: Callable[[str], Session]) -> None:
        """`fetch` opens a line, without credentials, to wherever a result lies."""
        self._place = place
        self._fetch = fetch

    def create(self, desired: Desired) -> Live:
        """Starts the search, once."""
        body = body_of(desired.spec, desired.mark, numbers=("feature_lib_id",))
        call = Call(f"start search {desired.address.name}", "POST", _PATH, body=body)
        remote_id = self._place.create(Service.WAREHOUSE, call)
        return Live(desired.address, remote_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The search, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        library = {"feature_lib_id": str(row["feature_lib_id"])} if row.get("feature_lib_id") else {}
        live = live_of(address, remote_id, row, {**shown(row, _FIELDS), **library})
        ready = live.phase is Phase.SUCCEEDED and row.get("result_url")
        return replace(live, outputs={**live.outputs, "result_url": str(row["result_url"])}) if ready else live

    def results(self, address: Address, remote_id: str) -> ResultFile:
        """The file of a search that has succeeded. Raises Refused where there is none, PlatformError."""
        row = self._row(address, remote_id)
        url = str(row.get("result_url") or "")
        if status_of(row)[1] is not Phase.SUCCEEDED or not url:
            said = f": {row['message']}" if row.get("message") else ""
            msg = f"search {address.name} has no result: it is {status_of(row)[0]}{said}"
            raise Refused(msg, hint="results come with success only")
        parts = urlsplit(url)
        session = self._fetch(f"{parts.scheme}://{parts.netloc}")
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            answer = session.answer(Call(f"download result of search {address.name}", "GET", path))
        finally:
            session.close()
        return ResultFile(parts.path.rpartition("/")[2] or f"{address.name}.csv", answer.body, url)

    def detail(self, address: Address, remote_id: str) -> Spec:
        """Everything the platform tells, pictures that were found included. Raises NotFound."""
        return self._row(address, remote_id)

    def _row(self, address: Address, remote_id: str) -> dict[str, Any]:
        return self._place.read(Service.WAREHOUSE, f"read search {address.name}", f"{_PATH}/{segment(remote_id)}")
