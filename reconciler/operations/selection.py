"""Which addresses a command is about: by address, kind, label, path, and what git says has changed.

Planning adds what they need. A selection never removes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reconciler.errors import UsageError
from reconciler.model.spelling import did_you_mean, which_was_meant
from reconciler.planning.graph import closure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.model.project import Environment


@dataclass(frozen=True, slots=True)
class Selection:
    """Globs over addresses (`*/App/*`, `local/Job/demo/qc*`) and files or folders. Empty: everything.

    A glob may leave out what is clear: `name`, `Kind/name`, `Kind/scope/name`, or the whole address. `labels` are those
    of the manifests, all of which must fit; of `kinds` one must. `since` is a git revision: what changed after it, and
    what depends on that.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    kinds: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    since: str = ""

    @property
    def is_everything(self) -> bool:
        """Nothing was selected, so what is not declared may be removed."""
        return self == EVERYTHING


EVERYTHING = Selection()


def matches(address: Address, glob: str) -> bool:
    """Whether `glob` means `address`. Each part of the glob matches one part of the address, as that is written or as
    it is called: in an alphabet that addresses spell in percent signs.
    """
    wanted = glob.split("/")
    parts = _as_written(address, len(wanted))
    return len(parts) == len(wanted) and all(map(_fits, parts, wanted))


def _fits(part: str, glob: str) -> bool:
    return fnmatchcase(part, glob) or ("%" in part and fnmatchcase(unquote(part), glob))


def _as_written(address: Address, count: int) -> list[str]:
    """The parts of an address when so many of them are written: the rest is clear; all where there is no such form."""
    target, kind, scope, name = str(address).split("/")
    return {1: [name], 2: [kind, name], 3: [kind, scope, name]}.get(count, [target, kind, scope, name])


def select(
    selection: Selection,
    manifests: Sequence[Manifest],
    recorded: Iterable[Address],
    root: Path,
    changed: frozenset[Address] | None = None,
) -> frozenset[Address] | None:
    """The addresses meant, without what they need; None when that is everything.

    `root` is the folder that the manifests' files are named from; paths are from where the person stands. `changed` is
    what `selection.since` comes to, None when that was not asked for.

    Raises UsageError for a glob or path that means nothing: a typo must not look like success.
    """
    if selection.is_everything:
        return None
    known = {*(manifest.address for manifest in manifests), *recorded}
    _refuse_typos(selection, known)
    chosen = {a for a in known if not selection.only or any(matches(a, glob) for glob in selection.only)}
    chosen -= {a for a in chosen if any(matches(a, glob) for glob in selection.without)}
    if selection.kinds:
        chosen &= {a for a in known if a.kind in selection.kinds}
    if selection.labels:
        chosen &= _labelled(selection.labels, manifests)
    if selection.paths:
        chosen &= _in_paths(selection.paths, manifests, root)
    return frozenset(chosen if changed is None else chosen & changed)


def _refuse_typos(selection: Selection, known: Collection[Address]) -> None:
    for glob in (*selection.only, *selection.without):
        if not any(matches(address, glob) for address in known):
            elsewhere = "`reconciler graph` shows what is declared, `reconciler status` what was applied."
            raise no_such_address(glob, known, "nothing matches", elsewhere)
    for kind in selection.kinds:
        if not any(address.kind == kind for address in known):
            near = did_you_mean(kind, {address.kind for address in known})
            hint = f"Did you mean {near}?" if near else "`reconciler kinds` lists the kinds there are."
            msg = f"nothing is of kind {kind!r}"
            raise UsageError(msg, hint=hint)


def _in_paths(paths: Sequence[Path], manifests: Sequence[Manifest], root: Path) -> set[Address]:
    files = {manifest.address: (root / manifest.source.file).resolve() for manifest in manifests}
    found: set[Address] = set()
    for path, place in ((path, path.resolve()) for path in paths):
        inside = {address for address, file in files.items() if file.is_relative_to(place)}
        if not inside:
            msg = f"no manifest of this project is in {path}"
            raise UsageError(msg, hint="`manifests:` in the project file says where they are.")
        found |= inside
    return found


def _labelled(labels: Sequence[tuple[str, str]], manifests: Sequence[Manifest]) -> set[Address]:
    """Those that carry every label; a value is a glob. Raises UsageError for a label that nothing carries."""
    found = {m.address for m in manifests if all(fnmatchcase(m.labels.get(name, "\0"), text) for name, text in labels)}
    if not found:
        words = ", ".join(f"{name}={text}" for name, text in labels)
        msg = f"no manifest carries the label {words}"
        raise UsageError(msg, hint="Labels stand under `metadata.labels` of a manifest.")
    return found


def dependants(start: Iterable[Address], needs: Mapping[Address, Iterable[Address]]) -> frozenset[Address]:
    """`start` and everything that needs it, directly or not."""
    users: dict[Address, list[Address]] = {}
    for address, those in needs.items():
        for need in those:
            users.setdefault(need, []).append(address)
    return frozenset(closure(start, users))


def no_such_address(glob: str, known: Iterable[Address], what: str, hint: str) -> UsageError:
    """The error of a glob that means none of `known`: the sentence begins with `what`. Its hint is the address that was
    perhaps meant, with as many parts as the glob has, and `hint` where none is like it.
    """
    count = glob.count("/") + 1
    near = which_was_meant(glob, {"/".join(_as_written(address, count)) for address in known})
    return UsageError(f"{what} {glob!r}", hint=f"Did you mean {near}?" if near else hint)


def no_such_target(target: str, environment: Environment) -> UsageError:
    """The error of naming a target that an environment has not, with what was perhaps meant."""
    near = did_you_mean(target, environment.targets)
    hint = f"Did you mean {near}?" if near else f"One of: {', '.join(sorted(environment.targets))}."
    return UsageError(f"there is no target {target!r} in environment {environment.name}", hint=hint)


def no_such_kind(kind: str, known: Iterable[str], where: str = "") -> UsageError:
    """The error of naming a kind that is none of `known`, with what was perhaps meant; `where` ends its sentence."""
    names = sorted(known)
    word, _, rest = kind.partition("/")
    near = did_you_mean(word, names)
    hint = f"Did you mean {near}?" if near else f"One of: {', '.join(names)}."
    if rest:
        hint = f"{hint} A kind alone stands here; `reconciler status {kind}` tells of one that is ours."
    return UsageError(f"there is no kind {kind!r}{where}", hint=hint)
