"""Which addresses a command is about: by address, kind, label, path, and what git says has changed.

Planning adds what they need. A selection never removes.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.planning.graph import closure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest


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
    """Whether `glob` means `address`. Each part of the glob matches one part of the address."""
    target, kind, scope, name = str(address).split("/")
    wanted = glob.split("/")
    parts = {1: [name], 2: [kind, name], 3: [kind, scope, name]}.get(len(wanted), [target, kind, scope, name])
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


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
            msg = f"nothing matches {glob!r}"
            raise UsageError(
                msg, hint="`reconciler graph` shows what is declared, `reconciler status` what was applied."
            )
    for kind in selection.kinds:
        if not any(address.kind == kind for address in known):
            msg = f"nothing is of kind {kind!r}"
            raise UsageError(msg, hint="`reconciler kinds` lists the kinds there are.")


def _in_paths(paths: Sequence[Path], manifests: Sequence[Manifest], root: Path) -> set[Address]:
    for path in paths:
        if not any(_inside(manifest, path, root) for manifest in manifests):
            msg = f"no manifest of this project is in {path}"
            raise UsageError(msg, hint="`manifests:` in the project file says where they are.")
    return {m.address for m in manifests if any(_inside(m, path, root) for path in paths)}


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


def _inside(manifest: Manifest, path: Path, root: Path) -> bool:
    file = (root / manifest.source.file).resolve()
    return file == path.resolve() or path.resolve() in file.parents


def no_such_kind(kind: str, known: Iterable[str], where: str = "") -> UsageError:
    """The error of naming a kind that is none of `known`, with what was perhaps meant; `where` ends its sentence."""
    names = {name.lower(): name for name in sorted(known)}
    word, _, rest = kind.partition("/")
    near = get_close_matches(word.lower(), names, n=1)
    hint = f"Did you mean {names[near[0]]}?" if near else f"One of: {', '.join(names.values())}."
    if rest:
        hint = f"{hint} A kind alone stands here; `reconciler status {kind}` tells of one that is ours."
    return UsageError(f"there is no kind {kind!r}{where}", hint=hint)
