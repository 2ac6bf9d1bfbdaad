"""Meaning, checked offline over all manifests of the platform: what a schema cannot see in one place.

scope        a workspace, which the platform would otherwise choose by itself
roles        those of the job type; one chief; what a role waits for
resources    an instance type in the public pool, or a share of a quota; one price limit
mounts       a data set or an address; a code source that is pinned
size         65,536 bytes for everything that CreateJob takes
time         a limit, since there is none without one
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.address import NO_SCOPE
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.unsound import sound
from reconciler.providers.pai_dlc.marks import TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest

LARGEST = 65_536
"""Bytes of all parameters of CreateJob together."""
_ROOM = 2_048
"""Bytes kept for what the platform adds by itself."""
_MARKED = len(json.dumps({TAG: "x" * 32, "Settings": {"Tags": {}}, "WorkspaceId": ""}))
_ROLES: dict[str, re.Pattern[str]] = {
    "TFJob": re.compile(r"Chief|PS|Worker|Evaluator|GraphLearn"),
    **dict.fromkeys(("PyTorchJob", "XGBoostJob", "OneFlowJob", "ElasticBatchJob"), re.compile(r"Worker|Master")),
    "RayJob": re.compile(r"Head|Worker|Worker-.+"),
}
"""Of the other job types the roles are not documented."""
_KNOWN = {"TFJob": "Chief, PS, Worker, Evaluator, GraphLearn", "RayJob": "Head, Worker, Worker-<name>"}
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class _Site:
    """The manifest that findings are about."""

    address: Address

    def error(self, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
        """It cannot work."""
        return Diagnostic(Severity.ERROR, code, message, pointer=pointer, hint=hint, address=self.address)

    def warning(self, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
        """It works, and probably not as meant."""
        return Diagnostic(Severity.WARNING, code, message, pointer=pointer, hint=hint, address=self.address)


def check(manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Every finding, in the order of `manifests`. Pure. Each carries an address and a JSON pointer into the spec."""
    for manifest in manifests:
        site = _Site(manifest.address)
        if manifest.address.scope == NO_SCOPE:
            message = "no workspace is named, so the platform takes the caller's default one"
            hint = "write `workspace:` in the target, or `metadata: {scope: ...}`"
            yield site.warning("meaning.no-workspace", "", message, hint)
        aspects = _OF_JOB if manifest.address.kind == "Job" else (_tensorboard,)
        for aspect in aspects:
            yield from sound(aspect(site, manifest.spec))


def _parts(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    roles = [role for role in spec.get("JobSpecs") or () if isinstance(role, dict)]
    yield from _roles(site, str(spec.get("JobType") or ""), roles)
    yield from _waits(site, roles)
    for index, role in enumerate(roles):
        yield from _resources(site, f"/JobSpecs/{index}", role, spec)


def _sources(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for index, source in enumerate(spec.get("DataSources") or ()):
        yield from _source(site, f"/DataSources/{index}", source)


def _limits(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if "JobMaxRunningTimeMinutes" not in spec:
        message = "the job has no time limit, so nothing but its own end ends the bill"
        yield site.warning("meaning.no-time-limit", "", message, "set `JobMaxRunningTimeMinutes`")
    size = len(json.dumps(spec, ensure_ascii=False).encode()) + _MARKED
    if size > LARGEST - _ROOM:
        message = f"the job has {size} bytes, and the platform takes {LARGEST}, its own additions included"
        yield site.error("meaning.too-large", "", message, "keep scripts in a code source or a data set")


def _roles(site: _Site, job_type: str, roles: list[dict[str, Any]]) -> Iterator[Diagnostic]:
    pattern, seen = _ROLES.get(job_type), set()
    for index, role in enumerate(roles):
        name, here = str(role.get("Type")), f"/JobSpecs/{index}"
        if pattern is not None and "$[[" not in name and not pattern.fullmatch(name):
            message = f"a {job_type} has no role {name!r}"
            yield site.error(
                "meaning.unknown-role", f"{here}/Type", message, f"use {_KNOWN.get(job_type, 'Worker, Master')}"
            )
        if name in seen:
            message = f"the role {name} stands twice"
            yield site.error("meaning.role-twice", f"{here}/Type", message, "put the pods together: `PodCount`")
        seen.add(name)
    chiefs = [index for index, role in enumerate(roles) if role.get("IsChief")]
    for index in chiefs[1:]:
        message = "more than one role is the chief"
        yield site.error("meaning.two-chiefs", f"/JobSpecs/{index}/IsChief", message, "leave one of them")


def _waits(site: _Site, roles: list[dict[str, Any]]) -> Iterator[Diagnostic]:
    """Roles that wait for others: there are such, with so many pods, and not in a circle."""
    pods = {str(role.get("Type")): role.get("PodCount", 1) for role in roles}
    needs: dict[str, set[str]] = {name: set() for name in pods}
    for index, role in enumerate(roles):
        name = str(role.get("Type"))
        for number, wanted in enumerate(role.get("StartupDependencies") or ()):
            here, other = f"/JobSpecs/{index}/StartupDependencies/{number}", str(wanted.get("Type"))
            if other not in pods.keys() - {name}:
                message = f"{name} waits for {other!r}, which is no other role of the job"
                yield site.error("meaning.unknown-role", f"{here}/Type", message, "name a role of this job")
                continue
            needs[name].add(other)
            least = str(wanted.get("MinReplicas") or "")
            if least.isdecimal() and isinstance(pods[other], int) and int(least) > pods[other]:
                message = f"{name} waits for {least} pods of {other}, which has {pods[other]}"
                yield site.error("meaning.replica-bounds", f"{here}/MinReplicas", message, "wait for fewer")
    while free := {name for name, wanted in needs.items() if not wanted & needs.keys()}:
        needs = {name: wanted for name, wanted in needs.items() if name not in free}
    if needs:
        message = f"roles wait for each other, so none of them begins: {', '.join(sorted(needs))}"
        yield site.error("meaning.role-circle", "/JobSpecs", message, "take one of `StartupDependencies` away")


def _resources(site: _Site, here: str, role: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    machine, share = role.get("EcsSpec"), role.get("ResourceConfig")
    quota = role.get("QuotaId") or spec.get("ResourceId")
    if machine and share:
        message = "an instance type and a share of a quota exclude each other"
        hint = "`EcsSpec` for the public pool, `ResourceConfig` with a `ResourceId`"
        yield site.error("meaning.two-resources", f"{here}/ResourceConfig", message, hint)
    elif not machine and not share:
        message = "the role does not say what its pods run on"
        hint = "set `EcsSpec`, or `ResourceConfig` with a `ResourceId`"
        yield site.error("meaning.no-resources", here, message, hint)
    elif machine and quota:
        message = "an instance type is for the public pool, and the job runs on a quota"
        yield site.error(
            "meaning.pool-and-quota", f"{here}/EcsSpec", message, "use `ResourceConfig`, or drop `ResourceId`"
        )
    elif share and not quota:
        message = "the job names no quota of which its pods could get a share"
        yield site.error(
            "meaning.pool-and-quota", f"{here}/ResourceConfig", message, "set `ResourceId`, or use `EcsSpec`"
        )
    spot = role.get("SpotSpec") or {}
    if "SpotDiscountLimit" in spot and "SpotPriceLimit" in spot:
        message = "the price of spot instances is limited twice"
        yield site.error("meaning.two-price-limits", f"{here}/SpotSpec/SpotPriceLimit", message, "keep one of the two")
    scaling = role.get("AutoScalingSpec") or {}
    least, most = scaling.get("MinReplicas"), scaling.get("MaxReplicas")
    pods = role.get("PodCount", 1)
    by_call = scaling.get("ScalingStrategy") == "ScaleByAPI" and isinstance(pods, int)
    if by_call and (pods < (least or 0) or pods > (most or pods)):
        message = f"{pods} pods are wanted, and the role is scaled from {least or 0} to {most}"
        yield site.error("meaning.replica-bounds", f"{here}/PodCount", message, "stay within the bounds, or widen them")
    elif isinstance(least, int) and isinstance(most, int) and least > most:
        message = f"at least {least} pods and at most {most}"
        yield site.error("meaning.replica-bounds", f"{here}/AutoScalingSpec/MaxReplicas", message, "swap the two")


def _source(site: _Site, here: str, source: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if ("DataSourceId" in source) == ("Uri" in source):
        message = "a mount is a data set or an address" + (", not both" if "Uri" in source else "")
        yield site.error("meaning.mount-source", here, message, "set one of `DataSourceId` and `Uri`")
    if "Uri" in source and "MountPath" not in source:
        message = "storage by its address has no folder of its own to be mounted at"
        yield site.error("meaning.mount-place", here, message, "set `MountPath`")
    if "Options" in source:
        try:
            json.loads(str(source["Options"]))
        except ValueError:
            if "$[[" not in str(source["Options"]):
                message = "mount options are JSON in a text, and these are not"
                yield site.error(
                    "meaning.mount-options", f"{here}/Options", message, 'for instance \'{"key": "value"}\''
                )


def _code(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    code = spec.get("CodeSource")
    if (
        isinstance(code, dict)
        and "$[[" not in (commit := str(code.get("Commit") or ""))
        and not _COMMIT.fullmatch(commit)
    ):
        message = "without the full hash of a commit, two runs of this manifest may run different code"
        yield site.warning("meaning.moving-code", "/CodeSource", message, "set `Commit` to 40 hexadecimal digits")


def _network(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    vpc = spec.get("UserVpc")
    if isinstance(vpc, dict) and vpc.get("SwitchId") and not vpc.get("ExtendedCIDRs"):
        message = "a switch needs the address ranges that are reached through it"
        yield site.error("meaning.no-ranges", "/UserVpc", message, "set `ExtendedCIDRs`")


_OF_JOB = (_parts, _sources, _code, _network, _limits)


def _tensorboard(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    of_job = [name for name in ("JobId", "SourceId") if spec.get(name)]
    of_data = [n for n in ("DataSourceId", "Uri", "DataSources", "TensorboardDataSources") if spec.get(n)]
    if not of_job and not of_data:
        message = "it shows neither a job nor any storage"
        yield site.error("meaning.nothing-shown", "", message, "set `JobId`, or one of the data sources")
    if "JobId" in of_job and of_data:
        message = f"a job and {of_data[0]} exclude each other"
        yield site.error("meaning.two-summaries", f"/{of_data[0]}", message, "keep one of the two")
