"""Ways into a job or a TensorBoard for a person: short-lived, some of them secret; asked for, shown, and not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused, Throttled, Unauthenticated
from reconciler.providers.exchange import segment
from reconciler.providers.facilities import Link
from reconciler.providers.pai_dlc.rows import numbered, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.providers.pai_dlc.place import Place

_TOKEN_SECONDS = 604_800
_RUNNING = "Running"


def links_of_job(place: Place, address: Address, row: Mapping[str, Any], *, shared: bool) -> tuple[Link, ...]:
    """The dashboards, and a terminal for each running pod. `shared`: they open without a login, and a token to share
    the job comes along.
    """
    job_id, told = str(row["JobId"]), f"links of job {address.name}"
    base = f"/api/v1/jobs/{segment(job_id)}"
    token = _token(place, told, "job", job_id) if shared else ""
    query = {"isShared": str(shared).lower(), **({"token": token} if token else {})}
    found = [Link("token", token, "shares the job for 7 days", secret=True)] if token else []
    ray = ("ray dashboard", "GetRayDashboard", "rayDashboard")
    dashboards = [ray] if row.get("JobType") == "RayJob" else []
    for name, action, path in [*dashboards, ("dashboard", "GetDashboard", "dashboard")]:
        found += _dashboard(place, name, action, f"{base}/{path}", query)
    for pod, number in numbered(row) if status_of(row) == _RUNNING else ():
        found += _terminal(place, told, base, pod, number, shared=shared)
    return tuple(found)


def links_of_tensorboard(place: Place, address: Address, row: Mapping[str, Any], *, shared: bool) -> tuple[Link, ...]:
    """Where it is shown; `shared`: a way in that needs no login."""
    found = [Link("tensorboard", str(row["TensorboardUrl"]), "needs a login")] if row.get("TensorboardUrl") else []
    if shared:
        path = f"/api/v1/tensorboards/{segment(str(row['TensorboardId']))}/sharedurl"
        operation = f"links of TensorBoard {address.name}"
        query = {"ExpireTimeSeconds": str(_TOKEN_SECONDS)}
        told = place.read("GetTensorboardSharedUrl", operation, path, query)
        url = str(told.get("TensorboardSharedUrl") or "")
        found.append(Link("shared", url, "open to whoever has it for 7 days", secret=True))
    return tuple(found)


def _token(place: Place, operation: str, kind: str, identifier: str) -> str:
    query = {"TargetType": kind, "TargetId": identifier, "ExpireTime": str(_TOKEN_SECONDS)}
    return str(place.read("GetToken", operation, "/api/v1/tokens", query).get("Token") or "")


def _dashboard(place: Place, name: str, action: str, path: str, query: Mapping[str, str]) -> Iterator[Link]:
    """Not every job has one, and the platform has no word to tell that from other refusals."""
    try:
        url = str(place.read(action, f"open {name}", path, query).get("url") or "")
    except (Unauthenticated, Throttled):
        raise
    except Refused as error:
        yield Link(name, "", error.message)
        return
    if url:
        yield Link(name, url, secret="token" in query)


def _terminal(
    place: Place, operation: str, base: str, pod: Mapping[str, Any], number: int, *, shared: bool
) -> Iterator[Link]:
    query = {"IsShared": str(shared).lower(), **({"PodUid": str(pod["PodUid"])} if pod.get("PodUid") else {})}
    path = f"{base}/pods/{segment(str(pod.get('PodId')))}/webterminal"
    url = str(place.read("GetWebTerminal", operation, path, query).get("WebTerminalUrl") or "")
    note = "valid for 30 s, once, without a login" if shared else "valid for 30 s, needs a login"
    if url:
        yield Link(f"terminal {pod.get('Type')} {number}", url, note, secret=True)
