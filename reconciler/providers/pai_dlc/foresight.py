"""What the platform can tell of jobs before they are submitted: whether their machines exist and are in stock, at which
price, and whether a new priority would have any effect (traps 10 and 31). Stock moves: nothing here is an error but a
name that does not exist.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.providers.pai_dlc import browsing
from reconciler.providers.pai_dlc.job import no_new_priority
from reconciler.providers.pai_dlc.marks import mark_of
from reconciler.providers.pai_dlc.rows import ENDED, status_of
from reconciler.providers.pai_dlc.usage import gpu_hours, named_machines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.providers.facilities import MachineType
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection
    from reconciler.providers.protocol import Connection


def foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about what is about to be submitted or changed. Raises PlatformError."""
    opened = cast("PaiDlcConnection", connection)
    jobs = [manifest for manifest in manifests if manifest.address.kind == "Job"]
    offered = _offered(opened, jobs)
    for manifest in jobs:
        yield from _of_job(manifest, offered)
        yield from _priority(opened, manifest)


def gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> dict[Address, float]:
    """The most accelerator hours of each job, by what the instance types on offer have. Raises PlatformError."""
    jobs = [manifest for manifest in manifests if manifest.address.kind == "Job"]
    return gpu_hours(jobs, _offered(cast("PaiDlcConnection", connection), jobs))


def _offered(opened: PaiDlcConnection, jobs: list[Manifest]) -> Mapping[str, MachineType]:
    """By name; nothing is asked when no job names one. All of them, and not the wanted ones alone: one that does not
    exist is told with those that do.
    """
    roles = [role for job in jobs for role in job.spec.get("JobSpecs") or ()]
    return opened.machines.offer() if any(map(named_machines, roles)) else {}


def _of_job(manifest: Manifest, offered: Mapping[str, MachineType]) -> Iterator[Diagnostic]:
    for index, role in enumerate(manifest.spec.get("JobSpecs") or ()):
        for pointer, name in named_machines(role):
            where = f"/JobSpecs/{index}{pointer}"
            if name in offered:
                yield from _of_machine(manifest, role, where, offered[name])
                continue
            near = difflib.get_close_matches(name, offered, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`reconciler specs` lists what there is"
            message = f"the platform offers no instance type {name!r} here"
            yield _finding(manifest, Severity.ERROR, "capacity.unknown-machine", where, message, hint)


def _of_machine(manifest: Manifest, role: Mapping[str, Any], where: str, machine: MachineType) -> Iterator[Diagnostic]:
    """What there is to say of one that exists, named at `where`: by the role, or as one of several to choose from."""
    here, _, last = where.rpartition("/")
    spot, place = (role.get("SpotSpec"), f"{here}/SpotSpec") if last == "EcsSpec" else (_at(role, here), here)
    if last == "EcsSpec":
        yield _told(manifest, where, role, machine)
    if machine.available is False:
        message = f"{machine.name} is out of stock now"
        hint = "the job waits until there are some; `reconciler specs` shows what is available"
        yield _finding(manifest, Severity.WARNING, "capacity.out-of-stock", where, message, hint)
    yield from _spot(manifest, place, spot, machine)
    own = str(role.get("Driver") or "")
    driver = own or str((manifest.spec.get("Settings") or {}).get("Driver") or "")
    if driver and machine.drivers and driver not in machine.drivers:
        message = f"{machine.name} does not come with the driver {driver}"
        hint = f"it comes with {', '.join(machine.drivers)}"
        pointer = f"{'/'.join(where.split('/')[:3])}/Driver" if own else "/Settings/Driver"
        yield _finding(manifest, Severity.WARNING, "capacity.unknown-driver", pointer, message, hint)


def _at(role: Mapping[str, Any], pointer: str) -> Any:  # noqa: ANN401 - any JSON value
    """The item of `ElasticSpotSpecs` that a pointer ends in."""
    return role["ElasticSpotSpecs"][int(pointer.rpartition("/")[2])]


def _told(manifest: Manifest, pointer: str, role: Mapping[str, Any], machine: MachineType) -> Diagnostic:
    """What will be paid for, for whoever reviews the plan."""
    each = [f"{machine.cpu} cores", machine.memory]
    each += [f"{machine.gpu} x {machine.gpu_type or 'GPU'}"] if machine.gpu else []
    minutes = manifest.spec.get("JobMaxRunningTimeMinutes")
    limit = f"for at most {minutes} min" if minutes else "without a time limit"
    most = (role.get("AutoScalingSpec") or {}).get("MaxReplicas")
    pods = f"{role.get('PodCount') or 1}{f' (scaled up to {most})' if most else ''}"
    message = f"{pods} x {machine.name} ({', '.join(filter(None, each))}) {limit}"
    if machine.spot_discount is not None and role.get("SpotSpec"):
        message += f", spot at {machine.spot_discount:g} of the regular price now"
    return _finding(manifest, Severity.NOTE, "capacity.resources", pointer, message, "")


def _spot(manifest: Manifest, where: str, spot: Any, machine: MachineType) -> Iterator[Diagnostic]:  # noqa: ANN401 - any JSON value
    if not spot:
        return
    if not machine.spot:
        message = f"{machine.name} is not offered as a spot instance"
        hint = "leave out `SpotSpec`, or take another instance type"
        yield _finding(manifest, Severity.WARNING, "capacity.no-spot", where, message, hint)
    limit = spot.get("SpotDiscountLimit")
    if isinstance(limit, int | float) and machine.spot_discount is not None and limit < machine.spot_discount:
        message = (
            f"spot {machine.name} costs {machine.spot_discount:g} of the regular price now, the limit is {limit:g}"
        )
        hint = "it waits until the price falls below the limit"
        yield _finding(manifest, Severity.WARNING, "capacity.spot-price", f"{where}/SpotDiscountLimit", message, hint)


def _priority(opened: PaiDlcConnection, manifest: Manifest) -> Iterator[Diagnostic]:
    """A job of ours of this name that is there, has another priority, and would keep it."""
    wanted = manifest.spec.get("Priority", 1)
    if "Priority" not in manifest.spec:
        return
    for row in browsing.named(opened.place, manifest.address.scope, manifest.address.name):
        if mark_of(row) is None or status_of(row) in ENDED or row.get("Priority") in {None, wanted}:
            continue
        if why := no_new_priority(row):
            message = f"{row['JobId']} would keep priority {row['Priority']}: {why}"
            hint = "an apply refuses to pretend it had changed"
            yield _finding(manifest, Severity.WARNING, "capacity.fixed-priority", "/Priority", message, hint)


def _finding(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
