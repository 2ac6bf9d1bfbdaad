"""Whether a run waits for the data it reads: it does for a run whose output it refers to, and for no other one.

A path that is written out says nothing of who writes there. Where that is a run or a data job of the same manifests,
the reference was most likely forgotten, and both would be submitted together.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.unsound import sound
from reconciler.providers.ai4s.meaning.findings import Site
from reconciler.providers.ai4s.meaning.interface import JOB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest

DATA_JOB = "DataJob"
_WRITES = {JOB: "output_dir", DATA_JOB: "target_folder"}


def reading_findings(manifests: Sequence[Manifest]) -> Iterator[Diagnostic]:
    """A warning at each path that another run writes to, and that no reference to that run leads to."""
    makers = dict(_makers(manifests))
    if not makers:
        return
    for manifest in manifests:
        yield from sound(_unawaited(manifest, makers))


def _unawaited(manifest: Manifest, makers: Mapping[tuple[str, str], Manifest]) -> Iterator[Diagnostic]:
    for pointer, place in _read(manifest):
        maker = _maker(manifest, place, makers)
        if maker is not None and maker is not manifest and not _refers(manifest, maker):
            yield _finding(manifest, pointer, place, maker)


def _makers(manifests: Sequence[Manifest]) -> Iterator[tuple[tuple[str, str], Manifest]]:
    """By target and folder, the run that writes there. A whole space is nobody's."""
    for manifest in manifests:
        folder = str(manifest.spec.get(_WRITES.get(manifest.address.kind, "")) or "")
        place = _full(folder, manifest.address.scope)
        if folder and "$[[" not in folder and not place.endswith(":"):
            yield (manifest.address.target, place), manifest


def _read(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The places that a run reads, in full, by the pointers of the texts."""
    spec, scope = manifest.spec, manifest.address.scope
    if manifest.address.kind == DATA_JOB:
        source = str(spec.get("source_space") or scope)
        found = ((f"/sub_paths/{n}", _full(str(path), source)) for n, path in enumerate(spec.get("sub_paths") or ()))
        yield from (each for each in found if "$[[" not in each[1])
    for index, task in enumerate(spec.get("tasks") or () if manifest.address.kind == JOB else ()):
        for number, given in enumerate(task.get("inputs") or ()):
            for position, value in enumerate(given.get("values") or ()):
                if ":/" in str(value) and "$[[" not in str(value):
                    yield f"/tasks/{index}/inputs/{number}/values/{position}", _full(str(value), scope)


def _full(path: str, scope: str) -> str:
    """`space:/folder`, without a slash at its end."""
    return (path if ":" in path else f"{scope}:{path}").rstrip("/")


def _maker(reader: Manifest, place: str, makers: Mapping[tuple[str, str], Manifest]) -> Manifest | None:
    """Who writes to a place, or to a folder above it."""
    while not place.endswith(":") and "/" in place:
        if found := makers.get((reader.address.target, place)):
            return found
        place = place.rpartition("/")[0]
    return None


def _refers(reader: Manifest, maker: Manifest) -> bool:
    """Whether an output of the maker stands anywhere in the reader."""
    text = json.dumps(reader.spec, ensure_ascii=False)  # of a spec with wrong parts this raises Unsound
    return "$[[" in text and f"{maker.address.kind}/{maker.address.name}." in text


def _finding(reader: Manifest, pointer: str, place: str, maker: Manifest) -> Diagnostic:
    name, (space, _, _) = f"{maker.address.kind}/{maker.address.name}", place.partition(":")
    folder = _full(str(maker.spec[_WRITES[maker.address.kind]]), maker.address.scope)
    output = f"$[[ ref.{name}.folder ]]" if maker.address.kind == DATA_JOB else f"{space}:$[[ ref.{name}.output_dir ]]"
    return Site(reader.address).warning(
        "meaning.not-awaited",
        pointer,
        f"{place} is written by {name}, which this does not wait for",
        f"write {output}{place.removeprefix(folder)}, and it is submitted when that one has succeeded",
    )
