"""Whether machines carry the labels that are asked for, and whether an accelerator takes another job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.meaning.findings import Site, closest, instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.foreseen.world import World

_WORDS = ("auto_schedule", "local_disk")


def node_labels_of_app(app: Manifest, world: World) -> Iterator[Diagnostic]:
    """A warning: nodes may get the label before something runs."""
    for label, message in _unknown_labels(app, world):
        hint = instead(label, sorted(world.node_labels))
        yield Site(app.address).warning("preflight.no-node", "/node_labels/0", message, hint)


def node_labels_of_job(job: Manifest, world: World) -> Iterator[Diagnostic]:
    """An error: a job whose label no node carries is refused when it is submitted."""
    for label, message in _unknown_labels(job, world):
        hint = instead(label, sorted(world.node_labels))
        yield Site(job.address).error("preflight.no-node", "/node_labels/0", message, hint)


def _unknown_labels(manifest: Manifest, world: World) -> Iterator[tuple[str, str]]:
    for label in manifest.spec.get("node_labels") or ():
        if "$[[" not in label and label not in world.node_labels:
            yield label, f"no node carries the label {label!r}"


def accelerator(job: Manifest, world: World) -> Iterator[Diagnostic]:
    """One that is not there is refused; one that is full or closed takes the job only later, if at all."""
    wanted, site = str(job.spec.get("io_acc_id") or ""), Site(job.address)
    if not wanted or wanted in _WORDS or "$[[" in wanted:
        return
    found = next((row for row in world.accelerators if str(row["id"]) == wanted), None)
    if found is None:
        names = {str(row["name"]): str(row["id"]) for row in world.accelerators}
        near = closest(wanted, [*names, *names.values(), *_WORDS])
        hint = instead(wanted, [*_WORDS, *names.values()])
        if near in names:
            hint = f"write `$[[ ref.PerformanceResource/{near} ]]` where that is declared, or its id {names[near]}"
        message = f"the account has no performance resource {wanted!r}"
        yield site.error("preflight.no-accelerator", "/io_acc_id", message, hint)
    elif found.get("schedulable") is False:
        message = f"the performance resource {found['name']} takes no jobs now"
        yield site.warning("preflight.accelerator-full", "/io_acc_id", message, "make it schedulable, or take another")
    elif (quota := found.get("job_quota")) is not None and (found.get("running_job_count") or 0) >= quota:
        message = f"{found['running_job_count']} jobs run on the performance resource {found['name']}, as many as may"
        yield site.warning("preflight.accelerator-full", "/io_acc_id", message, "raise its quota, or take another")
