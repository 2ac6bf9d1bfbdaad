"""What is there written anew for another version of its platform's API. Platforms are only read, and nothing is taken
over: what is written is declared for the first time, and a person settles what could not be carried over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UsageError
from reconciler.model.diagnostic import Source
from reconciler.model.expression import Space, strings, substitute
from reconciler.model.manifest import Manifest
from reconciler.operations.importing import folder_of, listed, read_now, write_file
from reconciler.operations.selection import matches, no_such_address
from reconciler.operations.validate import declare
from reconciler.operations.wiring import connected
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.manifests.exporting import Exported
    from reconciler.model.address import Address
    from reconciler.model.expression import Expression
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Spec
    from reconciler.operations.importing import Request
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.protocol import Unsupported

_SHORT: Final = 40
_VARIABLE: Final = "$[[ vars."
_LIVE: Final = Source("(live)")


@dataclass(slots=True)
class Rewritten:
    """What came of it, by the address that was written from: files, lines about what of each could not be carried over,
    and why others were left out.
    """

    files: dict[Address, Path] = field(default_factory=dict)
    lost: dict[Address, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[Address, str] = field(default_factory=dict)


def write_rewritten(workspace: Workspace, request: Request, version: str, say: Say) -> Rewritten:
    """Writes, for each thing that is meant and has a form in `version`, a manifest in that form. Overwrites nothing.

    What is declared in `request.paths`, or else in the project, is written from its manifest; what is not, from what is
    live. Raises UsageError for what means nothing, ManifestsInvalid when the manifests are wrong.
    """
    known = _known(workspace, version)
    if request.kind and request.kind not in {kind for _, kind in known}:
        msg = f"nothing of the kind {request.kind!r} can be written as {version}"
        raise UsageError(msg, hint=f"One of: {', '.join(sorted({kind for _, kind in known}))}.")
    done = Rewritten()
    found = declare(workspace, request.paths).required()
    declared = (*found.manifests, *found.beside)
    originals = [each for each in found.manifests if _meant(each.address, each.platform, request, known)]
    if not request.paths:
        taken = {each.address for each in declared}
        live, unread = _live(workspace, request, known, say)
        originals += [each for each in live if each.address not in taken]
        done.left_out |= {address: why for address, why in unread.items() if address not in taken}
    for glob in request.globs or ("*",):
        able = [*(each.address for each in originals), *done.left_out]
        if not any(matches(address, glob) for address in able):
            what = f"nothing that can be written as {version} matches"
            raise no_such_address(glob, able, what, "`reconciler get KIND` lists what there is.")
    rewriting = _Rewriting(workspace, request, known, declared, originals)
    for original in originals:
        rewriting.write(original, done)
    return done


def _known(workspace: Workspace, version: str) -> dict[tuple[str, str], Kind]:
    """(platform, kind) of what can be written as `version`, to the kind it becomes. Raises UsageError for none."""
    able = {
        (platform, kind): workspace.kinds[platform, other]
        for platform in set(workspace.platforms.values())
        for kind, other in workspace.providers[platform].rewrites
    }
    found = {place: kind for place, kind in able.items() if kind.api_version == version}
    if not found:
        msg = f"nothing here can be written as {version!r}"
        versions = sorted({kind.api_version for kind in able.values()})
        raise UsageError(msg, hint=f"Known: {', '.join(versions)}." if versions else "No platform here can do that.")
    return found


def _meant(address: Address, platform: str, request: Request, known: Mapping[tuple[str, str], Kind]) -> bool:
    if (platform, address.kind) not in known or (request.kind and address.kind != request.kind):
        return False
    return not request.globs or any(matches(address, glob) for glob in request.globs)


def _live(
    workspace: Workspace, request: Request, known: Mapping[tuple[str, str], Kind], say: Say
) -> tuple[list[Manifest], Mapping[Address, str]]:
    """What the platforms have, as if somebody had declared it, and why some of it could not be read."""
    owners = {platform for platform, _ in known}
    targets = [name for name, platform in workspace.platforms.items() if platform in owners]
    with connected(workspace, targets, say) as connections:
        wants = [
            want
            for kind in sorted({kind for _, kind in known})
            for want in listed(workspace, connections, kind)
            if _meant(want.address, want.platform, request, known)
        ]
        reading = read_now(workspace, wants, connections)
    found = sorted(reading.live.items())
    live = [Manifest(address, workspace.platforms[address.target], each.spec, _LIVE) for address, each in found]
    return live, reading.unreadable


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """One rewriting: what is known of it, what is declared, and what is written from."""

    workspace: Workspace
    request: Request
    known: Mapping[tuple[str, str], Kind]
    declared: Sequence[Manifest]
    originals: Sequence[Manifest]

    def write(self, original: Manifest, done: Rewritten) -> None:
        """Writes one file, unless there is a reason not to."""
        address, kind = original.address, self.known[original.platform, original.address.kind]
        become = replace(address, kind=kind.name)
        if any(each.address == become for each in self.declared):
            done.left_out[address] = f"{become} is declared already"
            return
        rewrite = self.workspace.providers[original.platform].rewrites[address.kind, kind.name]
        spec, lost = rewrite(original.spec)
        raw = _as_written(self.workspace, original, self.workspace.kinds[original.platform, address.kind])
        specs = [*([rewrite(raw)[0]] if raw else []), spec]
        if original.source is not _LIVE:  # what a platform holds is text, whatever it looks like
            specs = [substitute(each, self._meant_now) for each in specs]
        exported = _exported(self.workspace, original, become, specs)
        if exported.problem:
            done.left_out[address] = exported.problem
            return
        lines = [_told(original.spec, each) for each in lost]
        if raw and _VARIABLE not in exported.text:
            lines.append(f"its variables are filled in as the environment {self.workspace.environment.name} has them")
        text = "".join(f"# {line}\n" for line in _head(self.workspace, original, lines)) + exported.text
        done.files[address] = write_file(folder_of(self.workspace, self.request, kind.name), become, text)
        done.lost[address] = tuple(lines)

    def _meant_now(self, found: Expression) -> str | None:
        """A reference to what is written anew beside this means the new one."""
        for each in sorted(self.originals, key=lambda each: -len(each.address.name)):  # a name may hold dots
            address, kind = each.address, self.known[each.platform, each.address.kind].name
            for former, now in (
                (f"{address.kind}/{address.name}", f"{kind}/{address.name}"),
                (str(address), str(replace(address, kind=kind))),
            ):
                if found.space is Space.REF and (found.name == former or found.name.startswith(f"{former}.")):
                    return f"$[[ ref.{now}{found.name.removeprefix(former)} ]]"
        return None


def _exported(workspace: Workspace, original: Manifest, become: Address, specs: Sequence[Spec]) -> Exported:
    from reconciler.manifests.exporting import Exporter
    from reconciler.manifests.schemas import Form

    exporter = Exporter(workspace.catalogue, workspace.environment)
    kind = workspace.kinds[original.platform, become.kind]
    if original.source is _LIVE:
        return exporter.export(become, kind, specs[-1], Form.ENVELOPE)
    return exporter.rewrite(become, kind, specs, original)


def _as_written(workspace: Workspace, original: Manifest, kind: Kind) -> dict[str, Any] | None:
    """The spec with its variables still in it; None where it has none, or is not in the envelope."""
    from reconciler.manifests.reader import Reader

    if original.source is _LIVE:
        return None
    data = (workspace.call.start / original.source.file).read_bytes()
    documents = Reader().read(data, original.source.file).documents
    document = next(each.value for each in documents if each.source == original.source)
    spec = document.get("spec") if "apiVersion" in document else None
    if not isinstance(spec, dict) or not any(_VARIABLE in text for _, text in strings(spec)):
        return None
    return {kind.identity[0]: original.spec[kind.identity[0]], **spec}


def _head(workspace: Workspace, original: Manifest, lines: Sequence[str]) -> list[str]:
    """What stands above the manifest, for whoever settles the rest."""
    kind = workspace.kinds[original.platform, original.address.kind]
    whence = f"Written from the {original.platform}/{kind.api_version} {kind.word} {original.address.name}."
    return [
        printable(line) for line in (whence, *(["To be settled by hand:"] if lines else []), *(f"- {x}" for x in lines))
    ]


def _told(spec: Mapping[str, Any], lost: Unsupported) -> str:
    """`config.engine_id (2): why`."""
    value: Any = spec
    *_, steps = lost.pointer.split("/", 1)
    for step in steps.split("/"):
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    text = json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= _SHORT else f"{text[:_SHORT]}..."
    return f"{steps.replace('/', '.')} ({shown}): {lost.why}"
