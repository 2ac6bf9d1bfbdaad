"""Taking over what exists: manifests for it, then our memory of it. The platform is only read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError
from reconciler.model.address import NO_SCOPE
from reconciler.model.kind import Life, OnFieldChange
from reconciler.operations.runs import ours
from reconciler.operations.selection import matches, no_such_address, no_such_kind
from reconciler.operations.validate import declare
from reconciler.operations.wiring import connected
from reconciler.planning.wants import Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.manifests.schemas import Form
    from reconciler.model.address import Address
    from reconciler.model.resource import Live, Reading
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.protocol import Connection

_SAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_WILD: Final = re.compile(r"[*?\[]")
_MOST_RUNS: Final = 1000


@dataclass(slots=True)
class Imported:
    """What an import did: files and remote ids by address, why others were left out, the secrets that the files refer
    to, and by kind the fields that no platform shows; `fixed` are kinds of standing things where a change of one of
    those would make them anew.
    """

    files: dict[Address, Path] = field(default_factory=dict)
    left_out: dict[Address, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    hidden: dict[str, set[str]] = field(default_factory=dict)
    ids: dict[Address, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Request:
    """What to import: addresses or globs (all when empty), of one kind (standing kinds when ""), written in `form`
    below `folder` (None: where the project keeps its manifests). `paths` are files and folders of manifests, where what
    is declared is written anew.
    """

    globs: tuple[str, ...]
    form: Form
    kind: str = ""
    folder: Path | None = None
    paths: tuple[Path, ...] = ()


def write_manifests(workspace: Workspace, request: Request, say: Say) -> Imported:
    """Writes a manifest for each object that is live, is meant, and is not declared yet. Overwrites nothing.

    Raises UsageError for a glob that means nothing, ManifestsInvalid when the manifests that exist are wrong.
    """
    declared = {manifest.address for manifest in declare(workspace).required().manifests}
    recorded = {(each.address.target, each.address.kind, each.remote_id) for each in ours(workspace)}
    with connected(workspace, workspace.environment.targets, say) as connections:
        wants = list(listed(workspace, connections, request.kind))
        for glob in request.globs:
            if not any(matches(want.address, glob) for want in wants):
                hint = "`reconciler get KIND` lists what there is; runs need --kind."
                live = [want.address for want in wants]
                raise no_such_address(glob, live, "nothing on the platforms matches", hint)
        meant = [w for w in wants if not request.globs or any(matches(w.address, glob) for glob in request.globs)]
        new = [w for w in meant if w.address not in declared and _identity(w) not in recorded]
        reading = read_now(workspace, new, connections)
    return _written(workspace, request, reading, wants)


def _identity(want: Want) -> tuple[str, str, str]:
    return want.address.target, want.address.kind, want.remote_id


def listed(workspace: Workspace, connections: Mapping[str, Connection], kind: str) -> Iterator[Want]:
    """Everything of the kinds that are meant, each address once: of runs of one name the newest. What belongs to the
    whole account is meant only where its kind is named. Raises UsageError.
    """
    seen: set[Address] = set()
    named = {name for _, name in workspace.kinds}
    if kind and kind not in named:
        raise no_such_kind(kind, named)
    for target in sorted(connections):
        platform = workspace.platforms[target]
        scope = workspace.environment.targets[target].scope or NO_SCOPE
        for (of, name), facts in sorted(workspace.kinds.items()):
            usual = facts.life is Life.STANDING and not facts.account_wide
            if of != platform or (name != kind if kind else not usual):
                continue
            where = NO_SCOPE if facts.account_wide else scope
            for address, remote_id in _rows(connections[target], name, target, where):
                if address not in seen:
                    seen.add(address)
                    yield Want(address, platform, remote_id, None)


def _rows(connection: Connection, kind: str, target: str, scope: str) -> Iterator[tuple[Address, str]]:
    from reconciler.model.address import Address
    from reconciler.providers.protocol import Browses, Lists

    handler = connection.handler(kind)
    if isinstance(handler, Lists):
        yield from ((row.address, row.remote_id) for row in handler.list(scope))
    elif isinstance(handler, Browses):
        for run in handler.browse(scope, {}, _MOST_RUNS):
            if run.name:
                yield Address(target, kind, scope, run.name), run.remote_id


def read_now(workspace: Workspace, wants: Sequence[Want], connections: Mapping[str, Connection]) -> Reading:
    """What is live at the addresses of `wants`."""
    from reconciler.execution.refresh import read_at_addresses

    parallelism = workspace.call.settings.parallelism
    return read_at_addresses(wants, connections, workspace.kinds, parallelism=parallelism)


def _written(workspace: Workspace, request: Request, reading: Reading, listed: Iterable[Want]) -> Imported:
    from reconciler.manifests.exporting import Exporter
    from reconciler.planning.names import remote_names

    done = Imported(left_out=dict(reading.unreadable))
    names = remote_names(workspace.kinds, [(w.platform, w.address, w.remote_id) for w in listed])
    targets = workspace.environment.targets
    exporters = {t: Exporter(workspace.catalogue, workspace.environment, names.get(t, {})) for t in targets}
    for address, live in sorted(reading.live.items()):
        if problem := _not_ours_to_take(workspace, live):
            done.left_out[address] = problem
            continue
        kind = workspace.kinds[workspace.platforms[address.target], address.kind]
        exported = exporters[address.target].export(address, kind, live.spec, request.form)
        if exported.problem:
            done.left_out[address] = exported.problem
            continue
        done.files[address] = write_file(folder_of(workspace, request, address.kind), address, exported.text)
        done.ids[address] = live.remote_id
        done.secrets += exported.secrets
        if exported.hidden:
            done.hidden.setdefault(address.kind, set()).update(exported.hidden)
            fixed = {rule.path for rule in kind.rules if rule.on_change is OnFieldChange.REPLACE}
            done.fixed |= {address.kind} if fixed & set(exported.hidden) else set()
    return done


def _not_ours_to_take(workspace: Workspace, live: Live) -> str:
    if live.mark is not None and live.mark.owner != workspace.owner.digest:
        return "it carries the mark of another owner"
    return ""


def folder_of(workspace: Workspace, request: Request, kind: str) -> Path:
    """`<kind>s` where the project lists such a folder, else below its first folder, else `manifests`."""
    plural = f"{kind.lower()}s"
    if request.folder is not None:
        return request.folder / plural
    plain = [pattern for pattern in workspace.project.manifests if not _WILD.search(pattern) and "." not in pattern]
    if plural in plain:
        return workspace.root / plural
    return workspace.root / (plain[0] if plain else "manifests") / plural


def write_file(folder: Path, address: Address, text: str) -> Path:
    """Into a file of its own that is named after the address. Raises ReconcilerError."""
    name = _SAFE.sub("-", address.name.replace("@", "-")).strip("-.") or "unnamed"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            file = folder / f"{name}{f'-{number}' if number > 1 else ''}.yaml"
            if not file.exists():
                file.write_text(text, encoding="utf-8")
                return file
    except OSError as error:
        msg = f"cannot write into {folder}: {error.strerror}"
        raise ReconcilerError(msg) from error
    msg = f"{folder} holds too many files called {name}"
    raise ReconcilerError(msg)
