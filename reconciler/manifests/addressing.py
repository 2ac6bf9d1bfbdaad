"""Where a manifest goes and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.manifests.findings import Finding, listed, suggestion
from reconciler.manifests.interpolation import fixed
from reconciler.model.unsound import member, members

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.kind import Kind
    from reconciler.model.project import Environment
    from reconciler.model.target import Target


def choose_target(environment: Environment, platform: str, named: str | None, body: str) -> Target | Finding:
    """The target named in the metadata, or the only one of the platform. `body` is where to point at when there is no
    such word in the file.
    """
    if named is not None:
        return _named_target(environment, platform, named)
    targets = [target for target in environment.targets.values() if target.platform == platform]
    if len(targets) == 1:
        return targets[0]
    if not targets:
        message = f"environment {environment.name} has no target of platform {platform}"
        hint = "add one to the project file, or keep the manifest out of this environment's folders"
    else:
        names = listed(sorted(target.name for target in targets))
        message = f"environment {environment.name} has several targets of platform {platform}: {names}"
        hint = "choose one with `metadata: {target: ...}`"
    return Finding("manifest.target", message, hint, body, on_key=True)


def _named_target(environment: Environment, platform: str, named: str) -> Target | Finding:
    target = environment.targets.get(named)
    mine = [other.name for other in environment.targets.values() if other.platform == platform]
    if target is None:
        message = f"environment {environment.name} has no target `{named}`"
        return Finding("manifest.target", message, suggestion(named, mine), "/metadata/target")
    if target.platform != platform:
        message = f"target `{named}` is of platform {target.platform}, and this manifest of {platform}"
        return Finding("manifest.target", message, suggestion(named, mine), "/metadata/target")
    return target


def identity(
    spec: dict[str, Any], kind: Kind, name: str | None, pointers: dict[str, str], note: Callable[[Finding], None]
) -> str:
    """The last part of the address: the naming fields of the spec joined by `@`.

    `name` (from the metadata) fills the first of them, which changes `spec` and `pointers`. Findings, with pointers
    into the spec, go to `note`; the outcome is meaningful only without them.
    """
    first = kind.identity[0]
    if name is not None:
        if member(spec, first) not in {None, "", name}:
            hint = "remove it from the spec; the metadata is enough"
            note(Finding("manifest.identity", f"`{first}` differs from `metadata.name`", hint, f"/{first}"))
        elif not member(spec, first):
            pointers[f"/{first}"] = "/metadata/name"
            # In front, as an author would write it: the order is kept when manifests are written out.
            rest = {key: value for key, value in members(spec) if key != first}
            spec.clear()
            spec.update({first: name, **rest})
    parts = [spec.get(field) for field in kind.identity]
    for field, part in zip(kind.identity, parts, strict=True):
        if not isinstance(part, str) or not part:
            hint = "it names the resource, so it cannot be left out"
            note(Finding("manifest.identity", f"`{field}` is missing", hint, f"/{field}", on_key=True))
        for finding in fixed(part, f"/{field}"):
            note(finding)
    return "@".join(str(part) for part in parts)
