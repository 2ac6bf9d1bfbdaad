"""Whether data that is to be read is there. A warning: it may come until it is read, and a run may make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.meaning.findings import Site, closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.foreseen.world import World


def of_job(job: Manifest, world: World) -> Iterator[Diagnostic]:
    """What the inputs of a job name as data of a space."""
    for index, task in enumerate(job.spec.get("tasks") or ()):
        for number, given in enumerate(task.get("inputs") or ()):
            for position, value in enumerate(given.get("values") or ()):
                pointer = f"/tasks/{index}/inputs/{number}/values/{position}"
                yield from _data(job, str(value), pointer, world)


def of_notebook(notebook: Manifest, world: World) -> Iterator[Diagnostic]:
    """What a notebook mounts."""
    for index, storage in enumerate(notebook.spec.get("storages") or ()):
        yield from _data(notebook, str(storage.get("path") or ""), f"/storages/{index}/path", world)


def of_data_job(job: Manifest, world: World) -> Iterator[Diagnostic]:
    """What is to be copied."""
    space = str(job.spec.get("source_space") or job.address.scope)
    for index, path in enumerate(job.spec.get("sub_paths") or ()):
        address = path if ":" in path else f"{space}:{path}"
        yield from _data(job, address, f"/sub_paths/{index}", world)


def _data(manifest: Manifest, address: str, pointer: str, world: World) -> Iterator[Diagnostic]:
    space, colon, path = address.partition(":")
    if not colon or "$[[" in address or not path.startswith("/") or space not in world.spaces:
        return
    if path.strip("/") == "" or _is_made(space, path, world) or world.has_data(space, path) is not False:
        return
    near = closest(address.rstrip("/"), world.beside(space, path))
    hint = f"did you mean {near!r}?" if near else "put it there before it is read"
    yield Site(manifest.address).warning("preflight.no-data", pointer, f"there is no {address}", hint)


def _is_made(space: str, path: str, world: World) -> bool:
    """Whether something of this plan writes there."""
    folders = [
        (manifest, str(manifest.spec.get(key) or ""))
        for kind, key in (("Job", "output_dir"), ("Workflow", "output_dir"), ("DataJob", "target_folder"))
        for manifest in world.of_kind(kind)
    ]
    return any(_within(space, path, _full(manifest, folder)) for manifest, folder in folders if folder)


def _full(manifest: Manifest, folder: str) -> str:
    return folder if ":" in folder else f"{manifest.address.scope}:{folder}"


def _within(space: str, path: str, folder: str) -> bool:
    return f"{space}:{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")
