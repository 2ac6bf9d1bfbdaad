"""Performance resources, of which there is one to begin with, and the name and logo of the vendor (section 12)."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_words import (
    IN_USE,
    PLATFORM,
    ROOT,
    SPACES,
    found,
    invalid,
    paging,
    query,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services

_KIND, _VENDOR = "Performance", "Vendor"
_RESOURCES = f"{ROOT}/system/performance-resources"
_QUOTA_MOST = 1000
_LOGO_MOST = 1024 * 1024
_SPACE_GB = 500


def provide(services: Services) -> None:
    """The one resource a new account has."""
    now = services.clock.now()
    body = {"job_quota": 2, "schedulable": True, "space": _SPACE_GB}
    identifier = str(uuid.uuid5(uuid.NAMESPACE_OID, "sfs-turbo-local"))
    services.store.insert(Entity(PLATFORM, _KIND, "", identifier, "sfs-turbo-local", body, created=now, updated=now))


def list_resources(call: Call) -> Reply:
    """All of them."""
    rows = [_row(call, resource) for resource in call.services.store.find(query(call, _KIND)).entities]
    return Reply({"resources": rows, "count": len(rows)})


def list_statistics(call: Call) -> Reply:
    """How busy each is."""
    names = ("id", "name", "running_job_count", "schedulable")
    page = call.services.store.find(query(call, _KIND, **paging(call)))
    rows = [{name: _row(call, resource)[name] for name in names} for resource in page.entities]
    return Reply({"performance_resources": rows, "count": page.count})


def buy(_call: Call) -> Reply:
    """Refused, so that no test ever believes it bought something."""
    raise invalid("performance resources cannot be bought on this platform")


def update_resource(call: Call) -> Reply:
    """How many jobs may use it at once, and whether any may."""
    resource, fields = _resource(call), Fields(call.body())
    body = {
        **resource.body,
        "job_quota": fields.whole("job_quota", 0, _QUOTA_MOST, resource.body["job_quota"]),
        "schedulable": fields.truth("schedulable", default=resource.body["schedulable"]),
    }
    call.services.store.update(replace(resource, body=body, updated=call.now))
    return Reply()


def release(call: Call) -> Reply:
    """Gives one back, unless a job uses it."""
    resource = _resource(call)
    if running_on(call, resource.id):
        raise Refusal(409, IN_USE, f"jobs run on the performance resource {resource.name}")
    call.services.store.delete(resource, call.now)
    return Reply()


def resource_named(call: Call, identifier: str) -> Entity | None:
    """The performance resource of that id, or None."""
    return call.services.store.get(PLATFORM, _KIND, identifier)


def running_on(call: Call, identifier: str) -> int:
    """How many active jobs use a performance resource."""
    jobs = call.services.store.find(Query(PLATFORM, "Job", equals={"io_acc_id": identifier})).entities
    return sum(1 for job in jobs if not call.services.runs.state(job.id).ended)


def _resource(call: Call) -> Entity:
    return found(call, _KIND, call.arguments["resource_id"])


def _row(call: Call, resource: Entity) -> dict[str, Any]:
    return {
        "id": resource.id,
        "resource_id": resource.id,
        "name": resource.name,
        "spec": {"code": "local.storage.ioacc", "name": "local"},
        "availability_zone_id": "local",
        **resource.body,
        "free_space": float(resource.body["space"]),
        "charge_mode": "postPaid",
        "period_num": 0,
        "running_job_count": running_on(call, resource.id),
        "create_time": utc_text(resource.created),
        "failure_reason": "",
        "status": "ACTIVE",
    }


def show_vendor(call: Call) -> Reply:
    """The name, and the logo in base64; both empty until they are set."""
    vendor = call.services.store.first(Query(PLATFORM, _VENDOR))
    return Reply(dict(vendor.body) if vendor else {"name": "", "logo": ""})


def update_vendor(call: Call) -> Reply:
    """Both parts of a multipart body."""
    name = Fields(call.request.form.to_dict()).text("name", 1, 64, required=True)
    file = call.request.files.get("file")
    content = file.read(_LOGO_MOST + 1) if file else b""
    if not content or len(content) > _LOGO_MOST:
        raise invalid(f"file is required, and has at most {_LOGO_MOST} bytes")
    store = call.services.store
    body = {"name": name, "logo": base64.b64encode(content).decode()}
    with store.database.transaction():
        vendor = store.first(Query(PLATFORM, _VENDOR))
        if vendor is None:
            store.insert(Entity(PLATFORM, _VENDOR, "", "vendor", "vendor", body, created=call.now, updated=call.now))
        else:
            store.update(replace(vendor, body=body, updated=call.now))
    return Reply()


ROUTES = (
    Route("GET", _RESOURCES, "ListPerformanceResources", list_resources),
    Route("POST", _RESOURCES, "CreatePerformanceResource", buy),
    Route("PUT", f"{_RESOURCES}/<resource_id>", "UpdatePerformanceResource", update_resource),
    Route("DELETE", f"{_RESOURCES}/<resource_id>", "DeletePerformanceResource", release),
    Route("GET", f"{SPACES}/performance-resources-statistics", "ListPerformanceResourceStat", list_statistics),
    Route("GET", f"{ROOT}/system/vendor-config", "ShowVendor", show_vendor),
    Route("PUT", f"{ROOT}/system/vendor-config", "UpdateVendor", update_vendor),
)
