"""Files whose content is part of what a manifest means: the digest stands in the spec beside the path.

    model_file: { path: files/model.pt }            the digest is taken from the file
    model_file: { path: files/model.pt, sha256: …}  the file must have it, and need not be here

Only files below the project's folder: a manifest comes from a pull request, and what it names is sent away.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.manifests.findings import Finding
from reconciler.manifests.paths import slots
from reconciler.manifests.pointers import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.kind import FieldRule


def digested(spec: dict[str, Any], rules: Iterable[FieldRule], root: Path) -> Iterator[Finding]:
    """What is wrong with the files that `spec` names, with pointers into it. Fills in missing digests, which changes
    `spec`.
    """
    for rule in rules:
        if not rule.content_digest:
            continue
        for container, key, way in slots(spec, rule.path):
            finding = _digest(container, str(key), rule.content_digest, root)
            if finding is not None:
                yield Finding(finding.code, finding.message, finding.hint, join(way))


def _digest(container: dict[str, Any], key: str, member: str, root: Path) -> Finding | None:
    named, given = str(container[key]), container.get(member)
    if "$[[" in named:
        return Finding(
            "file.missing", "the name of a file cannot be filled in later", "write it out, or use a variable"
        )
    place = root / named
    if Path(named).is_absolute() or not place.resolve().is_relative_to(root.resolve()):
        hint = "copy the file into the project, and name it relative to the project file"
        return Finding("file.outside", f"`{named}` leads out of the project", hint)
    if not place.is_file():
        hint = f"put it there, or give its `{member}` if it is somewhere else while you plan"
        return None if given else Finding("file.missing", f"there is no file `{named}` in the project", hint)
    try:
        with place.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Finding("file.unreadable", f"`{named}` cannot be read: {error.strerror}", "check that you may read it")
    if given and given != found:
        hint = f"its digest is {found}: correct `{member}`, or leave it out"
        return Finding("file.digest", f"`{named}` does not have the digest that is given", hint)
    container[member] = found
    return None
