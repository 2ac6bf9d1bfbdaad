"""What the platform can tell of jobs before they are submitted: flavors, engines, pools, machines, quotas, and how long
they may hold accelerators.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, cast

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.providers.modelarts import foresight_v1
from reconciler.providers.modelarts.place import part
from reconciler.providers.modelarts.usage import gpu_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.providers.facilities import Engine, Pool
    from reconciler.providers.modelarts.connection import ModelArtsConnection
    from reconciler.providers.modelarts.offers import Offers
    from reconciler.providers.protocol import Connection

_V2 = "TrainingJobV2"
_TRAINING = "train"
_JOBS = "training_job"


def foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about jobs that are about to be submitted. Raises PlatformError."""
    opened = cast("ModelArtsConnection", connection)
    offers = opened.offers
    jobs = [manifest for manifest in manifests if manifest.address.kind == _V2]
    if jobs:
        limits = offers.limits()
        for manifest in jobs:
            yield from _flavor(manifest, limits)
            yield from _engine(manifest, offers.presets)
        yield from _quota(jobs, offers)
    for manifest in manifests:
        if manifest.address.kind != _V2:
            yield from foresight_v1.foresee(manifest, offers, opened.place)
    yield from _pools(manifests, offers)


def gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> dict[Address, float]:
    """The most accelerator hours of each run, by what the platform's machines have. Raises PlatformError."""
    return gpu_hours(manifests, cast("ModelArtsConnection", connection).offers)


def _flavor(manifest: Manifest, limits: dict[str, int]) -> Iterator[Diagnostic]:
    resource = part(part(manifest.spec, "spec"), "resource")
    flavor, count = str(resource.get("flavor_id") or ""), resource.get("node_count", 1)
    if not flavor or "$[[" in flavor or resource.get("pool_id") or not limits:
        return
    if flavor not in limits:
        pointer = "/spec/resource/flavor_id"
        message = f"the platform offers no flavor {flavor!r}"
        yield _say(manifest, Severity.ERROR, "capacity.unknown-flavor", pointer, message, _near(flavor, limits))
    elif isinstance(count, int) and count > limits[flavor]:
        message = f"{count} machines of {flavor} are wanted, and a job may have {limits[flavor]}"
        hint = "ask for fewer, or for larger ones"
        yield _say(manifest, Severity.ERROR, "capacity.too-many-machines", "/spec/resource/node_count", message, hint)


def _engine(manifest: Manifest, known: Sequence[Engine]) -> Iterator[Diagnostic]:
    """An engine is named by its id, or by its name and version; with an image of one's own it is only a base."""
    engine = part(part(manifest.spec, "algorithm"), "engine")
    identifier, version = str(engine.get("engine_id") or ""), str(engine.get("engine_version") or "")
    code, at = "capacity.unknown-engine", "/algorithm/engine"
    if not known or engine.get("image_url") or "$[[" in identifier + version:
        return
    if identifier and identifier not in {each.id for each in known}:
        message = f"the platform offers no engine {identifier!r}"
        hint = _near(identifier, (each.id for each in known))
        yield _say(manifest, Severity.ERROR, code, f"{at}/engine_id", message, hint)
    elif version and (engine.get("engine_name"), version) not in {(each.name, each.version) for each in known}:
        message = f"the platform offers no version {version!r} of {engine.get('engine_name')}"
        named = [each.version for each in known if each.name == engine.get("engine_name")]
        hint = _near(version, named or (each.version for each in known))
        yield _say(manifest, Severity.ERROR, code, f"{at}/engine_version", message, hint)


def _quota(jobs: list[Manifest], offers: Offers) -> Iterator[Diagnostic]:
    for allowance in offers.quota():
        if allowance.name == _JOBS and allowance.limit is not None:
            left = allowance.limit - (allowance.used or 0)
            for manifest in jobs[max(left, 0) :]:
                message = f"{allowance.limit} jobs may exist, {allowance.used} do, and {len(jobs)} more are wanted"
                hint = "delete jobs that have ended, or ask for more quota"
                yield _say(manifest, Severity.WARNING, "capacity.over-quota", "", message, hint)


def _pools(manifests: Iterable[Manifest], offers: Offers) -> Iterator[Diagnostic]:
    named = [(manifest, *_pool_of(manifest)) for manifest in manifests]
    wanted = [(manifest, pool, pointer) for manifest, pool, pointer in named if pool and "$[[" not in pool]
    if not wanted:
        return
    known = {pool.name: pool for pool in offers.dedicated}
    for manifest, name, pointer in wanted:
        if name not in known:
            message = f"the account has no pool {name!r}"
            yield _say(manifest, Severity.ERROR, "capacity.unknown-pool", pointer, message, _near(name, known))
        elif trouble := _trouble(known[name]) or _too_small(manifest, known[name]):
            message, hint = f"the pool {name} {trouble}", "name another pool, or have this one changed"
            yield _say(manifest, Severity.WARNING, "capacity.pool-not-ready", pointer, message, hint)


def _pool_of(manifest: Manifest) -> tuple[str, str]:
    if manifest.address.kind == _V2:
        return str(part(part(manifest.spec, "spec"), "resource").get("pool_id") or ""), "/spec/resource/pool_id"
    return str(part(manifest.spec, "config").get("pool_id") or ""), "/config/pool_id"


def _trouble(pool: Pool) -> str:
    if pool.scope and not any(_TRAINING in word.lower() for word in pool.scope):
        return "is not for training"
    return f"is {pool.status}" if pool.status not in {"", "Running"} else ""


def _too_small(manifest: Manifest, pool: Pool) -> str:
    """What a job that wants whole machines would wait for in vain."""
    resource = part(part(manifest.spec, "spec"), "resource")
    wanted = resource.get("node_count", 1) if resource else part(manifest.spec, "config").get("worker_server_num")
    there = sum(count for _, count in pool.machines)
    small = there and not resource.get("flavor_id") and isinstance(wanted, int) and wanted > there
    return f"has {there} machines, and {wanted} are wanted" if small else ""


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(names[:8]) or 'none'}"


def _say(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
