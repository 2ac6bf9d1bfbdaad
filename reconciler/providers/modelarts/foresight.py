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
    from collections.abc import Iterable, Iterator

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.providers.facilities import Pool
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
        limits, engines = offers.limits(), {engine.id for engine in offers.engines() if not engine.note}
        for manifest in jobs:
            yield from _flavor(manifest, limits)
            yield from _engine(manifest, engines)
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


def _engine(manifest: Manifest, known: set[str]) -> Iterator[Diagnostic]:
    engine = str(part(part(manifest.spec, "algorithm"), "engine").get("engine_id") or "")
    if engine and known and engine not in known and "$[[" not in engine:
        message, pointer = f"the platform offers no engine {engine!r}", "/algorithm/engine/engine_id"
        yield _say(manifest, Severity.ERROR, "capacity.unknown-engine", pointer, message, _near(engine, known))


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
        elif trouble := _trouble(known[name]):
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


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(names[:8]) or 'none'}"


def _say(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
